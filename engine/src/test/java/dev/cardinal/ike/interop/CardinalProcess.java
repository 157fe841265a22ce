package dev.cardinal.ike.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Our daemon in a namespace, a JVM of its own with this test's class path. Judged by what an operator sees: its listing
 * on stdout and its log on stderr.
 */
final class CardinalProcess implements NearEnd {

    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final Duration EVENT_LIMIT = Duration.ofSeconds(15);
    /** SIGTERM deletes the SAs and waits 2 s for answers at most; the rest is for a busy machine. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    private static final Pattern IKE_UP = Pattern.compile("\\bIKE SA (established|rekeyed)\\b");
    private static final Pattern IKE_GONE = Pattern.compile("\\bIKE SA closed\\b");
    private static final Pattern CHILD_UP = Pattern.compile("\\bChild SA (established|rekeyed)\\b");
    private static final Pattern CHILD_GONE = Pattern.compile("\\bChild SA removed\\b");

    private final Process process;
    private final Path keyLog;
    private final List<String> out = new CopyOnWriteArrayList<>();
    private final List<String> log = new CopyOnWriteArrayList<>();
    private final List<Thread> readers = new ArrayList<>();

    private CardinalProcess(String namespace, Path config, InteropToken token, List<String> arguments) {
        keyLog = InteropTest.keyLog(config);
        try {
            process = command(arguments).with(token.environment()).in(namespace).start(false);
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        collect(process.inputReader(), out);
        collect(process.errorReader(), log);
    }

    /** The daemon's program with this test's JVM and class path. */
    static Command command(List<String> arguments) {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                // the operator's log, not the tests'
                "-Dlogback.configurationFile=logback.xml",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.cardinal.ike.cli.CardinalCli"));
        words.addAll(arguments);
        return new Command(words, Map.of());
    }

    private void collect(BufferedReader reader, List<String> lines) {
        readers.add(Thread.startVirtualThread(() -> {
            try (reader) {
                reader.lines().forEach(lines::add);
            } catch (IOException | UncheckedIOException e) {
                lines.add("(end of output: " + e + ")");
            }
        }));
    }

    /** The gateway, ready. */
    static CardinalProcess gateway(String namespace, Path config, InteropToken token) {
        CardinalProcess started =
                new CardinalProcess(namespace, config, token, List.of("gateway", "--config", config.toString()));
        started.awaitStart("ready", line -> line.startsWith("ready "));
        return started;
    }

    /** One Child SA established from this end; its listing is printed. */
    static CardinalProcess initiateChild(String namespace, Path config, InteropToken token, String child) {
        CardinalProcess started = new CardinalProcess(
                namespace, config, token, List.of("initiate", "--config", config.toString(), "--child", child));
        started.awaitStart("the listing of an SA with its Child SA", line -> line.matches(" {4}remote +\\S+"));
        return started;
    }

    /** An attempt that is to fail. */
    static CardinalProcess initiateInVain(String namespace, Path config, InteropToken token, String child) {
        return new CardinalProcess(
                namespace, config, token, List.of("initiate", "--config", config.toString(), "--child", child));
    }

    /** One childless IKE SA established from this end; its listing is printed. */
    static CardinalProcess initiateIke(String namespace, Path config, InteropToken token, String connection) {
        CardinalProcess started = new CardinalProcess(
                namespace, config, token, List.of("initiate", "--config", config.toString(), "--ike", connection));
        started.awaitStart("the listing of an SA", line -> line.matches(" {2}established .*"));
        return started;
    }

    private void awaitStart(String what, Predicate<String> line) {
        try {
            Await.until(START_LIMIT, what, this::output, () -> {
                if (out.stream().anyMatch(line)) {
                    return true;
                }
                if (!process.isAlive()) {
                    throw new AssertionError(
                            "the daemon ended with " + process.exitValue() + " before: " + what + "\n" + outputAtEnd());
                }
                return false;
            });
        } catch (Throwable t) {
            close();
            throw t;
        }
    }

    /** The SPI that this end chose. */
    private static String ownSpi(Listing.Ike theirs) {
        return theirs.initiator() ? theirs.spiR() : theirs.spiI();
    }

    private void awaitLog(String what, Pattern event, String... parts) {
        Await.until(
                EVENT_LIMIT,
                "a log line of " + what + " with " + List.of(parts),
                this::output,
                () -> log.stream()
                        .anyMatch(line -> event.matcher(line).find()
                                && List.of(parts).stream().allMatch(line::contains)));
    }

    @Override
    public void awaitIke(Listing.Ike theirs) {
        awaitLog("an IKE SA established", IKE_UP, ownSpi(theirs));
    }

    @Override
    public void awaitRefusal(Pattern refusal) {
        awaitLog("a refusal", refusal);
    }

    @Override
    public void awaitIkeGone(Listing.Ike theirs) {
        awaitLog("an IKE SA deleted", IKE_GONE, ownSpi(theirs));
    }

    @Override
    public void awaitChild(Listing.Child theirs) {
        awaitLog("a Child SA established", CHILD_UP, theirs.in(), theirs.out());
    }

    @Override
    public void awaitChildGone(Listing.Child theirs) {
        awaitLog("a Child SA deleted", CHILD_GONE, theirs.in(), theirs.out());
    }

    @Override
    public void awaitRemote(String address, int port) {
        awaitLog("the peer's address", Pattern.compile(Pattern.quote(address) + "(:|\\[)" + port + "\\b"));
    }

    @Override
    public void checkListing(Listing.Ike theirs) {
        for (Listing.Ike mine : Listing.parse(String.join("\n", out))) {
            if (!mine.spiI().equals(theirs.spiI())) {
                continue;
            }
            assertEquals(theirs.version(), mine.version());
            assertEquals(theirs.spiR(), mine.spiR());
            assertEquals("ESTABLISHED", mine.state());
            assertEquals(!theirs.initiator(), mine.initiator());
            assertEquals(theirs.suite(), mine.suite());
            assertEquals(theirs.local().identity(), mine.remote().identity());
            assertEquals(theirs.remote().identity(), mine.local().identity());
            assertEquals(theirs.children().size(), mine.children().size());
            if (!theirs.children().isEmpty()) {
                Listing.Child far = theirs.child();
                Listing.Child near = mine.child();
                assertEquals(far.suite(), near.suite());
                assertEquals(far.in(), near.out());
                assertEquals(far.out(), near.in());
                assertEquals(far.local(), near.remote());
                assertEquals(far.remote(), near.local());
            }
            return;
        }
        if (!out.getFirst().startsWith("ready ")) {
            throw new AssertionError("no listing of " + theirs + "\n" + output());
        }
    }

    @Override
    public void checkIkeKey(Listing.Ike theirs, String key) {
        assertTold("ikev1_decryption_table:" + theirs.spiI() + "," + key);
    }

    @Override
    public void checkEspKeys(String spi, String encryption, String integrity) {
        assertTold("\"0x" + spi + "\",\"[^\"]+\",\"0x" + encryption + "\",\"[^\"]+\",\""
                + (integrity.isEmpty() ? "" : "0x" + integrity) + "\"");
    }

    private void assertTold(String pattern) {
        try {
            String keys = Files.readString(keyLog);
            assertTrue(
                    Pattern.compile(pattern + "$", Pattern.MULTILINE)
                            .matcher(keys)
                            .find(),
                    () -> "not in the key log: " + pattern + "\n" + keys);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void stop() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("the daemon does not end at SIGTERM\n" + output());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        assertEquals(0, process.exitValue(), () -> "exit code after SIGTERM\n" + outputAtEnd());
    }

    @Override
    public void kill() {
        process.destroyForcibly();
    }

    @Override
    public String output() {
        return "\n-- stdout of the daemon\n" + String.join("\n", out) + "\n-- its log\n" + String.join("\n", log);
    }

    private String outputAtEnd() {
        try {
            for (Thread reader : readers) {
                reader.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return output();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
