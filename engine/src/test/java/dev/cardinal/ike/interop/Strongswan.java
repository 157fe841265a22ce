package dev.cardinal.ike.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One charon in a namespace, with its own folder, control socket and /run, so that it shares nothing with an installed
 * strongSwan. The programs are copies: AppArmor profiles attach by path and would forbid this folder.
 */
final class Strongswan implements AutoCloseable {

    /** Where strongSwan puts Child SAs. */
    enum Plane {
        /** Userland ESP on a TUN device. Always claims to be behind a NAT, so both ends float to port 4500. */
        LIBIPSEC("kernel-libipsec kernel-netlink"),
        /** XFRM. Where the kernel has no ESP, only IKE SAs can stand. */
        KERNEL("kernel-netlink");

        private final String plugins;

        Plane(String plugins) {
            this.plugins = plugins;
        }
    }

    private static final Duration START_LIMIT = Duration.ofSeconds(10);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
    /** {@code swanctl --initiate} and its like give up after this. */
    private static final String ACTION_LIMIT_SECONDS = "15";

    private final Path folder;
    private final Plane plane;
    private final Process process;
    private long logMark;

    /**
     * Starts charon and waits for its control socket.
     *
     * @param folder made if absent, owned by this object
     * @param settings further lines for the {@code charon} section
     */
    Strongswan(String namespace, Path folder, Plane plane, String settings) {
        this(namespace, folder, plane, settings, Map.of());
    }

    /** @param environment for charon, whose PKCS#11 modules may read it */
    Strongswan(String namespace, Path folder, Plane plane, String settings, Map<String, String> environment) {
        this.folder = folder;
        this.plane = plane;
        try {
            Files.createDirectories(folder);
            copy("/usr/lib/ipsec/charon");
            copy("/usr/sbin/swanctl");
            writeSettings(settings);
            this.process = new Command(
                            List.of(
                                    "sh",
                                    "-c",
                                    "mount --make-rprivate / && mount -t tmpfs tmpfs /run && exec \"$0\" >\"$1\" 2>&1",
                                    folder.resolve("charon").toString(),
                                    folder.resolve("charon.out").toString()),
                            environment)
                    .in(namespace)
                    .with("STRONGSWAN_CONF", folder.resolve("strongswan.conf").toString())
                    .start(true);
        } catch (IOException e) {
            throw new UncheckedIOException("strongSwan does not start", e);
        }
        try {
            Await.until(START_LIMIT, "charon's control socket", this::startOutput, () -> {
                if (!process.isAlive()) {
                    throw new AssertionError("charon ended at start: " + startOutput());
                }
                return Files.exists(folder.resolve("vici"))
                        && swanctl("--version", "--daemon").run().code() == 0;
            });
        } catch (Throwable t) {
            close();
            throw t;
        }
    }

    private void copy(String program) throws IOException {
        Path source = Path.of(program);
        if (!Files.isExecutable(source)) {
            throw new AssertionError(program + " is missing: install strongswan-charon and strongswan-swanctl");
        }
        Files.copy(
                source,
                folder.resolve(source.getFileName()),
                StandardCopyOption.REPLACE_EXISTING,
                StandardCopyOption.COPY_ATTRIBUTES);
    }

    private String startOutput() {
        try {
            return Files.readString(folder.resolve("charon.out")) + logText(0);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void writeSettings(String settings) throws IOException {
        Files.writeString(folder.resolve("strongswan.conf"), """
                charon {
                  load = random nonce openssl aes sha1 sha2 hmac kdf gcm ccm chapoly curve25519 gmp mgf1 pem pkcs1 pkcs8 x509 pubkey pkcs11 revocation constraints xauth-generic %s socket-default vici updown
                  install_routes = yes
                  retransmit_timeout = 2.0
                  retransmit_tries = 2
                  filelog {
                    main {
                      path = %s
                      append = yes
                      flush_line = yes
                      default = 1
                      ike = 2
                      net = 2
                      cfg = 2
                      enc = 1
                    }
                  }
                  plugins {
                    vici { socket = unix://%s }
                  }
                %s
                }
                swanctl {
                  load = pem pkcs1 pkcs8 x509 openssl pubkey random
                }
                """.formatted(
                        plane.plugins, folder.resolve("charon.log"), folder.resolve("vici"), settings.indent(2)));
    }

    private Command swanctl(String... words) {
        Stream<String> all = Stream.concat(
                Stream.of(folder.resolve("swanctl").toString()),
                Stream.concat(Stream.of(words), Stream.of("--uri", "unix://" + folder.resolve("vici"))));
        return new Command(all.collect(Collectors.toList()), Map.of())
                .with("STRONGSWAN_CONF", folder.resolve("strongswan.conf").toString())
                .with("SWANCTL_DIR", folder.toString());
    }

    /**
     * Ends all SAs, forgets the earlier configuration and takes this one; {@link #log} begins anew.
     *
     * @param settings further lines for the {@code charon} section; those read at start only do not change
     */
    void load(ConfigFolder config, String settings) {
        terminateAll();
        config.writeTo(folder);
        try {
            writeSettings(settings);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        swanctl("--reload-settings").run().orFail();
        logMark = logSize();
        swanctl("--load-all", "--clear", "--noprompt").run().orFail();
    }

    /** Establishes a Child SA, and its IKE SA where there is none; an assertion error where that fails. */
    void initiateChild(String name) {
        act("--initiate", "--child", name);
    }

    /** The same where it is to fail. */
    Command.Output tryInitiateChild(String name) {
        return swanctl("--initiate", "--child", name, "--timeout", ACTION_LIMIT_SECONDS)
                .run();
    }

    /** Tries to establish a Child SA; an assertion error where that does not fail. */
    void initiateInVain(String name) {
        Command.Output output = swanctl("--initiate", "--child", name, "--timeout", ACTION_LIMIT_SECONDS)
                .run();
        if (output.code() == 0) {
            throw new AssertionError(output.text());
        }
    }

    /** Establishes an IKE SA without a Child SA. */
    void initiateIke(String name) {
        act("--initiate", "--ike", name);
    }

    void rekeyChild(String name) {
        swanctl("--rekey", "--child", name).run().orFail();
    }

    void rekeyIke(String name) {
        swanctl("--rekey", "--ike", name).run().orFail();
    }

    void terminateChild(String name) {
        act("--terminate", "--child", name);
    }

    void terminateIke(String name) {
        act("--terminate", "--ike", name);
    }

    private void act(String... words) {
        String[] all = Arrays.copyOf(words, words.length + 2);
        all[words.length] = "--timeout";
        all[words.length + 1] = ACTION_LIMIT_SECONDS;
        Command.Output output = swanctl(all).run();
        if (output.code() != 0) {
            throw new AssertionError(output.text());
        }
    }

    /** Ends what is left of an earlier case, without waiting for a peer that may be gone. */
    private void terminateAll() {
        for (Listing.Ike sa : listSas()) {
            swanctl("--terminate", "--ike-id", Integer.toString(sa.number()), "--force")
                    .run();
        }
        Await.until(
                START_LIMIT,
                "no SA left at strongSwan",
                this::log,
                () -> listSas().isEmpty());
    }

    /** The listing as text. */
    String listing() {
        return process.isAlive() ? swanctl("--list-sas").run().orFail() : "";
    }

    List<Listing.Ike> listSas() {
        return Listing.parse(listing());
    }

    /** Charon's log since the last {@link #load}. */
    String log() {
        return logText(logMark);
    }

    /** The last key that charon told of by a name, in hexadecimal. @param group of its log, which must be at level 4 */
    String toldKey(String group, String name) {
        Matcher told = Pattern.compile("\\d+\\[" + group + "\\] " + name + " => \\d+ bytes @ \\S+\n((?:\\d+\\[" + group
                        + "\\] +\\d+: .*\n)+)")
                .matcher(log());
        String dump = "";
        while (told.find()) {
            dump = told.group(1);
        }
        if (dump.isEmpty()) {
            throw new AssertionError("charon told of no " + name + "\n" + log());
        }
        // 12[IKE]    0: 00 11 22 ...  and the same as text
        return dump.lines()
                .map(line -> line.replaceFirst("^.*?: ", "").replaceFirst("(?<=^.{47}).*", ""))
                .collect(Collectors.joining())
                .replace(" ", "")
                .toLowerCase(Locale.ROOT);
    }

    private long logSize() {
        try {
            Path log = folder.resolve("charon.log");
            return Files.exists(log) ? Files.size(log) : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String logText(long from) {
        Path log = folder.resolve("charon.log");
        if (!Files.exists(log)) {
            return "";
        }
        try (var channel = Files.newByteChannel(log, StandardOpenOption.READ)) {
            channel.position(from);
            var bytes = ByteBuffer.allocate((int) Math.max(0, channel.size() - from));
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
            return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends charon at once; it can delete no SA. */
    void kill() {
        process.destroyForcibly();
    }

    /** Stops charon by its process, politely first. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
