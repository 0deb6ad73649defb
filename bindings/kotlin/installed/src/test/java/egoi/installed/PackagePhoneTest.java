package egoi.installed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import egoi.verify.phone.VerificationSession;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import kotlinx.coroutines.Job;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The jar for an app, with nothing of a server's beside it. */
class PackagePhoneTest {
    private static final String LIBRARY = "linux-x86-64/libegoi_verify_phone_native.so";
    private static final int STARTS = 7;

    private static Path jarOf(Class<?> one) throws Exception {
        return Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static byte[] library() throws Exception {
        try (var zip = new ZipFile(jarOf(VerificationSession.class).toFile());
                var input = zip.getInputStream(zip.getEntry(LIBRARY))) {
            return input.readAllBytes();
        }
    }

    /** What the program says about its first use, in a virtual machine of its own. */
    private static List<String> firstUse() throws Exception {
        var path = new ArrayList<String>();
        for (var each : Stream.of(FirstUse.class, VerificationSession.class, Native.class, kotlin.Unit.class, Job.class).toList()) {
            path.add(jarOf(each).toString());
        }
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var program = new ProcessBuilder(java, "-cp", String.join(":", path), FirstUse.class.getName())
                .redirectErrorStream(true).start();
        var printed = new String(program.getInputStream().readAllBytes());
        assertEquals(0, program.waitFor(), printed);
        return printed.lines().toList();
    }

    @Test
    void theJarHasTheLibraryOfAPhoneAndNothingOfAServer() throws Exception {
        try (var zip = new ZipFile(jarOf(VerificationSession.class).toFile())) {
            var names = zip.stream().map(entry -> entry.getName()).filter(name -> !name.endsWith("/")).toList();
            assertEquals(List.of(LIBRARY), names.stream().filter(name -> name.endsWith(".so")).toList());
            assertTrue(names.stream().allMatch(
                    name -> name.startsWith("egoi/verify/phone/") || name.startsWith("META-INF/") || name.equals(LIBRARY)));
        }
    }

    @Test
    void theJarWorksByItself() throws Exception {
        assertEquals("+351910000000", firstUse().get(0));
    }

    @Tag("shipped")
    @Test
    void theLibraryTakesAtMostAMegabyte() throws Exception {
        var size = library().length;
        assertTrue(size <= 1_060_000, size + " bytes");
    }

    @Tag("shipped")
    @Test
    void theLibraryHasNoHttpNoTlsAndNoRuntime() throws Exception {
        // In places of panics and in messages.
        var bytes = new String(library(), StandardCharsets.ISO_8859_1);
        for (var each : List.of("hyper", "rustls", "reqwest", "tokio", "HTTP/1.1")) {
            assertFalse(bytes.contains(each), each);
        }
    }

    /** The median, as other programs run too. A cold virtual machine took 91 ms on two quiet cores; the goal is 30. */
    @Tag("shipped")
    @Test
    void theFirstUseTakesAtMostHundredAndFiftyMilliseconds() throws Exception {
        var times = new ArrayList<Double>();
        for (var start = 0; start < STARTS; start++) {
            times.add(Double.valueOf(firstUse().get(1)));
        }
        var median = times.stream().sorted().toList().get(STARTS / 2);
        assertTrue(median < 150, "milliseconds: " + times);
    }
}
