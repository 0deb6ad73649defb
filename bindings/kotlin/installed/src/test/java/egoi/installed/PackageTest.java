package egoi.installed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import egoi.verify.Client;
import egoi.verify.EgoiVerify;
import egoi.verify.Outcome;
import egoi.verify.testing.Sandbox;
import egoi.verify.testing.java.SandboxBuilder;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.jetbrains.annotations.NotNull;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import proguard.Configuration;
import proguard.ConfigurationParser;
import proguard.ProGuard;

class PackageTest {
    private static final String NUMBER = "+351 910 000 000";
    private static final String LIBRARY = "linux-x86-64/libegoi_verify_native.so";
    private static final int SECTION_OF_SYMBOLS = 2;
    private static final int LOADED_SEGMENT = 1;

    private static Path jarOf(Class<?> one) throws Exception {
        return Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static List<String> entriesOf(Path jar) throws IOException {
        try (var zip = new ZipFile(jar.toFile())) {
            return zip.stream().map(entry -> entry.getName()).filter(name -> !name.endsWith("/")).toList();
        }
    }

    private static ByteBuffer library() throws Exception {
        try (var zip = new ZipFile(jarOf(Client.class).toFile()); var input = zip.getInputStream(zip.getEntry(LIBRARY))) {
            return ByteBuffer.wrap(input.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    @Test
    void theJarsVerify() throws Exception {
        try (var sandbox = new SandboxBuilder().start(); var client = sandbox.client().blocking()) {
            var made = client.request(NUMBER);
            var code = sandbox.waitForCode(NUMBER, Duration.ofSeconds(5));
            assertEquals(Outcome.VERIFIED, client.validate(made.getId(), code, NUMBER));
        }
        assertEquals("+351910000000", EgoiVerify.parseNumber(NUMBER).getE164());
    }

    @Test
    void theJarsAreModules() throws Exception {
        var jars = Stream.of(Client.class, Sandbox.class, kotlin.Unit.class, kotlinx.coroutines.Job.class,
                com.sun.jna.Native.class, NotNull.class);
        var places = new ArrayList<Path>();
        for (var each : jars.toList()) {
            places.add(jarOf(each));
        }
        var finder = ModuleFinder.of(places.toArray(Path[]::new));
        var boot = ModuleLayer.boot();
        // Kotlin's library is a module with a description, which a module without one does not bring along.
        var roots = List.of("egoi.verify", "egoi.verify.testing", "kotlin.stdlib");
        var found = boot.configuration().resolve(finder, ModuleFinder.of(), roots);
        var layer = boot.defineModulesWithOneLoader(found, ClassLoader.getPlatformClassLoader());
        var functions = layer.findLoader("egoi.verify").loadClass("egoi.verify.EgoiVerify");
        assertEquals("egoi.verify", functions.getModule().getName());
        assertEquals("123456", functions.getMethod("normalisedCode", String.class).invoke(null, "123 456"));
    }

    @Test
    void theJarHoldsOneNativeLibraryAndNoSandbox() throws Exception {
        var entries = entriesOf(jarOf(Client.class));
        assertEquals(List.of(LIBRARY), entries.stream().filter(name -> name.endsWith(".so")).toList());
        assertEquals(List.of(), entries.stream().filter(name -> name.startsWith("egoi/verify/testing/")
                || name.contains("phone")).toList());
    }

    @Test
    void theSandboxIsInTheJarForTestsAlone() throws Exception {
        var entries = entriesOf(jarOf(Sandbox.class));
        assertTrue(entries.stream().allMatch(name -> name.startsWith("egoi/verify/testing/")
                || name.startsWith("META-INF/") || name.equals("linux-x86-64/libegoi_verify_testing_native.so")));
    }

    /** A server's, with the stores. */
    @Tag("shipped")
    @Test
    void theNativeLibraryTakesAtMostTwelveMegabytes() throws Exception {
        var size = library().capacity();
        assertTrue(size <= 12_000_000, size + " bytes");
    }

    @Tag("shipped")
    @Test
    void theNativeLibraryIsStripped() throws Exception {
        var library = library();
        var sections = (int) library.getLong(0x28);
        for (var each = 0; each < library.getShort(0x3c); each++) {
            assertFalse(library.getInt(sections + each * library.getShort(0x3a) + 4) == SECTION_OF_SYMBOLS);
        }
    }

    /** As a device with pages of 16 KB needs it. */
    @Test
    void theNativeLibraryIsLaidOutForPagesOf16Kilobytes() throws Exception {
        var library = library();
        var segments = (int) library.getLong(0x20);
        var loaded = 0;
        for (var each = 0; each < library.getShort(0x38); each++) {
            var segment = segments + each * library.getShort(0x36);
            if (library.getInt(segment) == LOADED_SEGMENT) {
                loaded++;
                assertEquals(0, library.getLong(segment + 0x30) % 16384);
            }
        }
        assertTrue(loaded > 0);
    }

    /** Shrunk and renamed by the rules that the jar brings with it. ProGuard's own optimiser makes no valid code of coroutines. */
    @Test
    void anAppThatIsShrunkByTheRulesOfTheJarVerifies(@TempDir Path folder) throws Exception {
        var shrunk = folder.resolve("shrunk.jar");
        var rules = folder.resolve("rules.pro");
        try (var zip = new ZipFile(jarOf(Client.class).toFile());
                var input = zip.getInputStream(zip.getEntry("META-INF/proguard/egoi-verify.pro"))) {
            Files.write(rules, input.readAllBytes());
        }
        var arguments = new ArrayList<String>();
        for (var path : List.of(System.getProperty("java.home") + "/jmods", jarOf(NotNull.class).toString())) {
            arguments.addAll(List.of("-libraryjars", path));
        }
        var ofTheApp = Stream.of(App.class, Client.class, kotlin.Unit.class, kotlinx.coroutines.Job.class,
                com.sun.jna.Native.class);
        for (var each : ofTheApp.toList()) {
            arguments.addAll(List.of("-injars", jarOf(each) + "(!META-INF/versions/**,!module-info.class)"));
        }
        arguments.addAll(List.of("-outjars", shrunk.toString(), "-include", rules.toString(), "-keep",
                "class " + App.class.getName() + " { public static void main(java.lang.String[]); }",
                // What coroutines' own rules say, which R8 finds in their jar.
                "-keepclassmembers", "class kotlinx.coroutines.** { volatile <fields>; }", "-dontwarn", "kotlinx.**",
                "-dontwarn", "kotlin.**", "-dontnote", "-dontoptimize"));
        var configuration = new Configuration();
        try (var parser = new ConfigurationParser(arguments.toArray(String[]::new), System.getProperties())) {
            parser.parse(configuration);
        }
        new ProGuard(configuration).execute();
        assertTrue(Files.size(shrunk) < 2 * Files.size(jarOf(Client.class)));
        assertFalse(entriesOf(shrunk).contains("egoi/verify/VerifyException.class"), "nothing was renamed");

        try (var sandbox = new SandboxBuilder().code("123456").start()) {
            var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
            var program = new ProcessBuilder(java, "-cp", shrunk.toString(), App.class.getName(),
                    sandbox.getUrl() + "/api", NUMBER, "123456").redirectErrorStream(true).start();
            var printed = new String(program.getInputStream().readAllBytes());
            assertEquals(0, program.waitFor(), printed);
            assertEquals(Arrays.asList("VERIFIED", "to +351910000000", "PENDING"), printed.lines().toList());
        }
    }
}
