package dev.cardinal.bench.gateway;

import com.google.gson.Gson;
import dev.cardinal.bench.load.GatewayPki;
import dev.cardinal.bench.load.Suite;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Cardinal's daemon as it is configured by an operator. A key on SoftHSM or in a file leaves key exchanges and
 * verifications to the crypto card, as a fleet of tokens with roles of their own does.
 */
public final class CardinalGateway implements Gateway {
    private static final long PATIENCE_SECONDS = 10;

    private final GatewayOrder order;
    private final Process process;
    private final BufferedReader answers;
    private final PrintWriter questions;
    private final InetSocketAddress address;

    /**
     * What a run wants otherwise.
     *
     * @param jvmOptions further ones
     * @param settings of {@code cardinal.conf}
     * @param dpdSeconds silence after which clients are asked for a sign of life, 0 for never
     */
    public record Tuning(List<String> jvmOptions, Map<String, String> settings, int dpdSeconds) {
        /** No cookies, no limits of half-open SAs, no liveness checks. */
        public static final Tuning NONE = new Tuning(
                List.of(), Map.of("cookie_threshold", "0", "cookie_threshold_ip", "0", "block_threshold", "0"), 0);

        public Tuning withJvmOptions(List<String> options) {
            return new Tuning(options, settings, dpdSeconds);
        }

        public Tuning withDpd(int seconds) {
            return new Tuning(jvmOptions, settings, seconds);
        }

        /** With a setting of {@code cardinal.conf}. */
        public Tuning with(String key, String value) {
            Map<String, String> other = new HashMap<>(settings);
            other.put(key, value);
            return new Tuning(jvmOptions, other, dpdSeconds);
        }
    }

    private CardinalGateway(
            GatewayOrder order,
            Process process,
            BufferedReader answers,
            PrintWriter questions,
            InetSocketAddress address) {
        this.order = order;
        this.process = process;
        this.answers = answers;
        this.questions = questions;
        this.address = address;
    }

    /**
     * Writes the configuration, makes the tokens, starts the daemon and waits until it serves.
     *
     * @param tuning what this run wants otherwise than the order says
     * @throws IOException telling what it wrote where it does not serve
     */
    public static CardinalGateway start(GatewayOrder order, Tuning tuning) throws IOException {
        TokenMaker signing = configure(order, tuning);
        Path errors = order.folder().resolve("gateway.err");
        List<String> jvmOptions = new ArrayList<>();
        jvmOptions.add("-Xms" + order.heapMegabytes() + "m");
        jvmOptions.add("-Xmx" + order.heapMegabytes() + "m");
        jvmOptions.addAll(tuning.jvmOptions());
        Process process = ChildJvm.of(
                        GatewayProcess.class, jvmOptions, List.of(order.folder().toString()), environment(signing))
                .pinned(order.core())
                .start(errors);
        BufferedReader answers =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String ready = line(answers, GatewayProcess.READY);
        if (ready == null) {
            process.destroyForcibly();
            throw new IOException("the gateway does not start: " + Files.readString(errors));
        }
        return new CardinalGateway(
                order,
                process,
                answers,
                new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8),
                new InetSocketAddress(order.address(), Integer.parseInt(ready)));
    }

    private static Map<String, String> environment(@Nullable TokenMaker signing) {
        Map<String, String> environment = new HashMap<>();
        environment.put("CARDINAL_LOG", "WARN"); // no line for each SA
        if (signing != null) {
            environment.putAll(signing.environment());
        }
        return environment;
    }

    private static @Nullable TokenMaker configure(GatewayOrder order, Tuning tuning) throws IOException {
        Path folder = order.folder();
        boolean certified = order.suite().authentication().hasCertificates();
        TokenMaker signing = null;
        if (certified) {
            byte[] publicKeyInfo;
            if (order.key() == KeyPlace.FILE) {
                KeyPair keys = order.pki().gatewayKeys();
                publicKeyInfo = keys.getPublic().getEncoded();
                write(
                        folder.resolve("private"),
                        "gateway.pem",
                        pem("PRIVATE KEY", keys.getPrivate().getEncoded()));
            } else {
                signing = TokenMaker.make(order.key(), order.suite(), folder);
                publicKeyInfo = signing.publicKeyInfo();
            }
            write(
                    folder.resolve("x509"),
                    "gateway.pem",
                    pem("CERTIFICATE", order.pki().certifyGateway(publicKeyInfo)));
            write(
                    folder.resolve("x509ca"),
                    "clients.pem",
                    pem("CERTIFICATE", order.pki().authority()));
        }
        // the key that is born on a card for key exchanges alone has no use
        TokenMaker exchanging = signing != null && order.key() == KeyPlace.CARD
                ? signing
                : TokenMaker.make(
                        KeyPlace.CARD, Suite.of("ecdsa256-x25519"), Files.createDirectories(folder.resolve("card")));
        write(folder, "cardinal.conf", cardinalConf(order, tuning, signing, exchanging));
        write(folder, "swanctl.conf", swanctlConf(order, tuning));
        return signing;
    }

    private static String cardinalConf(
            GatewayOrder order, Tuning tuning, @Nullable TokenMaker signing, TokenMaker exchanging) {
        StringBuilder text = new StringBuilder();
        text.append("cardinal {\n");
        text.append("  listen = ").append(order.address().getHostAddress()).append('\n');
        text.append("  port = ").append(order.port()).append('\n');
        text.append("  port_nat_t = 0\n");
        tuning.settings()
                .forEach((key, value) -> text.append("  ")
                        .append(key)
                        .append(" = ")
                        .append(value)
                        .append('\n'));
        text.append("}\ntokens {\n");
        if (signing != null && signing != exchanging) {
            token(text, "keys", signing, "sign");
        }
        token(text, "card", exchanging, signing == exchanging ? "sign, key-exchange" : "key-exchange");
        return text.append("}\n").toString();
    }

    static void token(StringBuilder text, String name, TokenMaker token, String roles) {
        text.append("  ").append(name).append(" {\n");
        text.append("    module = ").append(token.module()).append('\n');
        if (token.initArgs() != null) {
            text.append("    init_args = \"").append(token.initArgs()).append("\"\n");
        }
        text.append("    token = ").append(TokenMaker.LABEL).append('\n');
        text.append("    pin_file = ").append(token.pin()).append('\n');
        if (token.initArgs() == null) {
            // SoftHSM computes on our processor: more workers than that would only take turns
            text.append("    workers = 1\n");
        }
        text.append("    roles = ").append(roles).append('\n');
        text.append("  }\n");
    }

    private static String swanctlConf(GatewayOrder order, Tuning tuning) {
        boolean certified = order.suite().authentication().hasCertificates();
        String auth = certified ? "pubkey" : "psk";
        StringBuilder text = new StringBuilder();
        text.append("connections {\n  clients {\n    version = ")
                .append(order.suite().version())
                .append('\n');
        text.append("    proposals = ").append(order.suite().ikeProposal()).append('\n');
        text.append("    rekey_time = 0\n    unique = never\n    key_exchange = token-only\n");
        text.append("    dpd_delay = ").append(tuning.dpdSeconds()).append('\n');
        text.append("    childless = ")
                .append(order.child() ? "allow" : "force")
                .append('\n');
        text.append("    local {\n      auth = ").append(auth).append('\n');
        text.append("      id = ").append(GatewayPki.GATEWAY).append('\n');
        if (certified) {
            text.append("      certs = gateway.pem\n");
        }
        text.append("    }\n    remote {\n      auth = ").append(auth).append('\n');
        text.append("      id = ").append(GatewayPki.CLIENTS).append("\n    }\n");
        text.append("    children {\n      net {\n        local_ts = 10.0.0.0/8\n        rekey_time = 0\n");
        text.append("        esp_proposals = ")
                .append(order.suite().espProposal())
                .append("\n      }\n    }\n");
        text.append("  }\n}\n");
        if (!certified) {
            text.append("secrets {\n  ike-clients {\n    secret = ")
                    .append(order.pki().presharedKey())
                    .append("\n  }\n}\n");
        }
        return text.toString();
    }

    static void write(Path folder, String name, String text) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve(name), text);
    }

    static String pem(String kind, byte[] der) {
        return "-----BEGIN " + kind + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + kind + "-----\n";
    }

    @Override
    public String name() {
        return "cardinal";
    }

    @Override
    public String version() {
        String version = Gateway.class.getPackage().getImplementationVersion();
        return "Cardinal " + (version == null ? "of the sources" : version);
    }

    @Override
    public String configuration() {
        String exchange = "key exchange and verification on the crypto card";
        if (!order.suite().authentication().hasCertificates()) {
            return exchange;
        }
        return switch (order.key()) {
            case FILE -> "private key in a file, " + exchange;
            case SOFTHSM -> "private key on SoftHSM, " + exchange;
            case CARD -> "private key, " + exchange;
        };
    }

    @Override
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public ProcessAccounting accounting() {
        return new ProcessAccounting(process.pid());
    }

    @Override
    public long established() throws IOException {
        return statistics().established();
    }

    /** What it tells of itself. */
    public GatewayStatistics statistics() throws IOException {
        return ask(GatewayProcess.STATISTICS);
    }

    /** The same after a full collection of its heap. */
    public GatewayStatistics collected() throws IOException {
        return ask(GatewayProcess.COLLECT);
    }

    /** The rest of the next line with a prefix, null at the end; agents of the JVM may have their say between. */
    static @Nullable String line(BufferedReader answers, String prefix) throws IOException {
        for (String line = answers.readLine(); line != null; line = answers.readLine()) {
            if (line.startsWith(prefix)) {
                return line.substring(prefix.length());
            }
        }
        return null;
    }

    private synchronized GatewayStatistics ask(String question) throws IOException {
        questions.println(question);
        String answer = line(answers, GatewayProcess.ANSWER);
        if (answer == null) {
            throw new IOException(
                    "the gateway has ended: " + Files.readString(order.folder().resolve("gateway.err")));
        }
        return new Gson().fromJson(answer, GatewayStatistics.class);
    }

    @Override
    public void close() {
        questions.close(); // its input's end is its order to end
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
