package dev.cardinal.bench.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Debian's strongSwan, as fast as its configuration makes it. It runs as root in the network namespace of this process,
 * whose ports 500 and 4500 must be free: beside port 500 charon expects the marker of UDP encapsulation on every message.
 *
 * <p>A Child SA is of userland ESP (kernel-libipsec), which always claims to be behind a NAT.
 */
public final class StrongswanGateway implements Gateway {
    private static final Duration START_LIMIT = Duration.ofSeconds(15);
    private static final Duration POLL = Duration.ofMillis(50);

    /** The numbers of {@code IKE_SAs: 5 total, 3 half-open}. */
    private static final Pattern COUNTS = Pattern.compile("IKE_SAs: (\\d+) total, (\\d+) half-open");

    private final GatewayOrder order;
    private final StrongswanPrograms programs;
    private final Process charon;
    private final String version;
    private final String algorithms;

    private StrongswanGateway(
            GatewayOrder order, StrongswanPrograms programs, Process charon, String version, String algorithms) {
        this.order = order;
        this.programs = programs;
        this.charon = charon;
        this.version = version;
        this.algorithms = algorithms;
    }

    /**
     * Writes the configuration, makes the token where one is ordered, starts charon and waits until it has loaded all.
     *
     * @param order its port 0 or 500
     * @throws IOException where a package is missing, a port is taken or charon refuses; the message tells which
     */
    public static StrongswanGateway start(GatewayOrder order) throws IOException {
        if (order.port() != 0 && order.port() != StrongswanConfiguration.PORT) {
            throw new IllegalArgumentException("charon is measured on port 500, not " + order.port());
        }
        StrongswanPrograms.requireFreePorts();
        TokenMaker token = credentials(order);
        StrongswanConfiguration configuration = new StrongswanConfiguration(order, token);
        StrongswanPrograms programs = StrongswanPrograms.of(
                order.folder(), configuration.plugins(), token == null ? Map.of() : token.environment());
        write(order.folder().resolve("strongswan.conf"), configuration.daemon(programs.controlSocket()));
        write(order.folder().resolve("swanctl.conf"), configuration.connections());
        if (order.child()) {
            programs.addNetwork();
        }
        Process charon = programs.startCharon(order.core());
        boolean serves = false;
        try {
            String version = awaitVersion(programs, charon, configuration.log());
            programs.swanctl("--load-all", "--noprompt");
            String algorithms = computing(programs.swanctl("--list-algs"), order);
            serves = true;
            return new StrongswanGateway(order, programs, charon, version, algorithms);
        } finally {
            if (!serves) {
                charon.destroyForcibly();
            }
        }
    }

    private static @Nullable TokenMaker credentials(GatewayOrder order) throws IOException {
        if (!order.suite().authentication().hasCertificates()) {
            return null;
        }
        TokenMaker token = null;
        byte[] publicKeyInfo;
        if (order.key() == KeyPlace.FILE) {
            KeyPair keys = order.pki().gatewayKeys();
            publicKeyInfo = keys.getPublic().getEncoded();
            write(order.folder(), "private", keys.getPrivate().getEncoded());
        } else {
            token = TokenMaker.make(order.key(), order.suite(), order.folder());
            publicKeyInfo = token.publicKeyInfo();
        }
        write(order.folder(), "x509", order.pki().certifyGateway(publicKeyInfo));
        write(order.folder(), "x509ca", order.pki().authority());
        return token;
    }

    private static void write(Path folder, String name, byte[] der) throws IOException {
        Path file = Files.createDirectories(folder.resolve(name)).resolve("gateway.der");
        create(file);
        Files.write(file, der);
    }

    private static void write(Path file, String text) throws IOException {
        create(file);
        Files.writeString(file, text);
    }

    private static void create(Path file) throws IOException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }

    /** @return as charon tells it, once it answers */
    private static String awaitVersion(StrongswanPrograms programs, Process charon, Path log) throws IOException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (true) {
            if (Files.exists(programs.controlSocket())) {
                try {
                    return programs.swanctl("--version", "--daemon");
                } catch (IOException e) {
                    if (System.nanoTime() - deadline > 0) {
                        throw e;
                    }
                }
            }
            if (!charon.isAlive() || System.nanoTime() - deadline > 0) {
                throw new IOException("charon does not start: " + Files.readString(programs.output())
                        + (Files.exists(log) ? Files.readString(log) : ""));
            }
            pause();
        }
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(POLL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Which plugin does what, as charon tells it: {@code NAME[plugin]} of {@code swanctl --list-algs}. */
    private static String computing(String listing, GatewayOrder order) throws IOException {
        StringBuilder text = new StringBuilder();
        String group = switch (order.suite().keyExchange()) {
            case CURVE_25519 -> "CURVE_25519";
            case CURVE_448 -> "CURVE_448";
            default -> order.suite().keyExchange().keyword().replaceAll("(\\D+)(\\d+)", "$1_$2");
        };
        for (String name : new String[] {group, "AES_GCM_16", "PRF_HMAC_SHA2_256", "KDF_PRF", "HASH_SHA2_256"}) {
            Matcher found = Pattern.compile("\\b" + name + "\\[([^]]+)]", Pattern.CASE_INSENSITIVE)
                    .matcher(listing);
            if (!found.find()) {
                throw new IOException("charon has no " + name + ": " + listing);
            }
            text.append(text.isEmpty() ? "" : ", ").append(found.group(0));
        }
        return text.toString();
    }

    @Override
    public String name() {
        return "strongswan";
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public String configuration() {
        String key = "";
        if (order.suite().authentication().hasCertificates()) {
            key = switch (order.key()) {
                case FILE -> "private key in a file, RSA and ECDSA by openssl, ";
                case SOFTHSM -> "private key on SoftHSM, verification by openssl, ";
                case CARD -> "private key on the crypto card, one operation a call, verification by openssl, ";
            };
        }
        return key + algorithms + ", " + StrongswanConfiguration.THREADS + " threads";
    }

    @Override
    public InetSocketAddress address() {
        return new InetSocketAddress(order.address(), StrongswanConfiguration.PORT);
    }

    @Override
    public ProcessAccounting accounting() {
        return new ProcessAccounting(charon.pid());
    }

    @Override
    public long established() throws IOException {
        String answer = programs.swanctl("--stats");
        Matcher counts = COUNTS.matcher(answer);
        if (!counts.find()) {
            throw new IOException("swanctl tells no number of SAs: " + answer);
        }
        return Long.parseLong(counts.group(1)) - Long.parseLong(counts.group(2));
    }

    /** At once: asked politely, charon would first tell every client that its SA ends. */
    @Override
    public void close() {
        try {
            charon.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
