package egoi.installed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import egoi.verify.phone.VerificationSession;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What `android/aar.sh` packs, with the library of Linux in the place of the four of Android. */
class PackageAarTest {
    private static final List<String> ABIS = List.of("arm64-v8a", "armeabi-v7a", "x86", "x86_64");
    private static final Path MODULE = Path.of("..").toAbsolutePath().normalize();
    private static final Path PACKED = MODULE.resolve("target/android");

    @BeforeAll
    static void pack(@TempDir Path libraries) throws Exception {
        for (var abi : ABIS) {
            var folder = Files.createDirectories(libraries.resolve(abi));
            Files.write(folder.resolve("libegoi_verify_phone_native.so"), of(jar(), "linux-x86-64/libegoi_verify_phone_native.so"));
        }
        var script = new ProcessBuilder(MODULE.resolve("android/aar.sh").toString(), "pack", libraries.toString())
                .inheritIO().start();
        assertEquals(0, script.waitFor());
    }

    private static Path jar() {
        return MODULE.resolve("target/egoi-verify-0.1.0-phone.jar");
    }

    private static Path aar() {
        return PACKED.resolve("egoi-verify-phone-0.1.0.aar");
    }

    private static byte[] of(Path zip, String name) throws Exception {
        try (var file = new ZipFile(zip.toFile()); var input = file.getInputStream(file.getEntry(name))) {
            return input.readAllBytes();
        }
    }

    @Test
    void theAarHoldsWhatItsFormatSays() throws Exception {
        try (var file = new ZipFile(aar().toFile())) {
            var expected = new TreeSet<>(List.of("AndroidManifest.xml", "R.txt", "classes.jar", "proguard.txt",
                    "META-INF/com/android/build/gradle/aar-metadata.properties"));
            ABIS.forEach(abi -> expected.add("jni/" + abi + "/libegoi_verify_phone_native.so"));
            var names = file.stream().filter(entry -> !entry.isDirectory()).map(entry -> entry.getName()).toList();
            assertEquals(expected, new TreeSet<>(names));
        }
    }

    @Test
    void itsClassesAreThoseOfTheJarWithoutTheLibraryOfLinux() throws Exception {
        var names = new TreeSet<String>();
        try (var classes = new ZipInputStream(new ByteArrayInputStream(of(aar(), "classes.jar")))) {
            for (var entry = classes.getNextEntry(); entry != null; entry = classes.getNextEntry()) {
                names.add(entry.getName());
            }
        }
        assertTrue(names.contains(VerificationSession.class.getName().replace('.', '/') + ".class"));
        assertFalse(names.stream().anyMatch(name -> name.endsWith(".so")));
        try (var file = new ZipFile(jar().toFile())) {
            var ofTheJar = file.stream().map(entry -> entry.getName()).filter(name -> name.endsWith(".class")).toList();
            assertEquals(new TreeSet<>(ofTheJar),
                    new TreeSet<>(names.stream().filter(name -> name.endsWith(".class")).toList()));
        }
    }

    @Test
    void itSaysWhatAnAppMustHaveThatUsesIt() throws Exception {
        var said = new Properties();
        said.load(new ByteArrayInputStream(of(aar(), "META-INF/com/android/build/gradle/aar-metadata.properties")));
        assertEquals("1.0", said.getProperty("aarFormatVersion"));
        assertEquals("1.0", said.getProperty("aarMetadataVersion"));
        assertEquals("24", said.getProperty("minCompileSdk"));
    }

    @Test
    void theJarForLocalUnitTestsLiesBesideIt() throws Exception {
        assertEquals(-1, Files.mismatch(jar(), PACKED.resolve("egoi-verify-phone-0.1.0.jar")));
    }

    @Test
    void itsRulesAreThoseOfTheJar() throws Exception {
        var ofTheJar = of(jar(), "META-INF/proguard/egoi-verify-phone.pro");
        assertEquals(new String(ofTheJar), new String(of(aar(), "proguard.txt")));
    }

    @Test
    void itsPomAsksForWhatTheJarsDoes() throws Exception {
        var published = Files.readString(PACKED.resolve("egoi-verify-phone-0.1.0.pom"));
        var ofTheJar = Files.readString(MODULE.resolve("pom.xml"));
        for (var pair : List.of(List.of("kotlin-stdlib", "<kotlin.stdlib.version>"),
                List.of("kotlinx-coroutines-android", "<coroutines.version>"), List.of("jna", "<artifactId>jna</artifactId>\\s*<version>"))) {
            assertEquals(found("<artifactId>" + pair.get(0) + "</artifactId>\\s*<version>([^<]+)", published),
                    found(pair.get(1) + "([^<]+)", ofTheJar), pair.get(0));
        }
    }

    private static String found(String pattern, String text) {
        return Stream.of(Pattern.compile(pattern).matcher(text)).filter(each -> each.find()).findFirst().orElseThrow().group(1);
    }
}
