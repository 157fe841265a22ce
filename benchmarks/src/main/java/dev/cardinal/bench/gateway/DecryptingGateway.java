package dev.cardinal.bench.gateway;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Cardinal's daemon as a responder of IKEv1 with public key encryption, in a process of its own; it agrees on P-256. */
public final class DecryptingGateway implements AutoCloseable {
    /** The one client's identity, a name. */
    public static final String CLIENT = "client.bench.cardinal.invalid";

    private static final String GATEWAY = "gateway.bench.cardinal.invalid";
    private static final int CLIENT_BITS = 2048;
    private static final int HEAP_MEGABYTES = 1024;
    private static final long PATIENCE_SECONDS = 10;

    private final Process process;
    private final InetSocketAddress address;
    private final RSAPublicKey key;

    /**
     * What it shall be.
     *
     * @param key where its private key lies
     * @param method {@code rsa-encr} or {@code rsa-encr-revised}
     * @param bits of its key
     * @param folder its own, empty
     * @param slowMillis how much longer a decryption takes where the padding is bad: the flaw that the benchmark must find.
     *     Only with the key in a file
     */
    public record Order(KeyPlace key, String method, int bits, Path folder, int slowMillis) {}

    private DecryptingGateway(Process process, InetSocketAddress address, RSAPublicKey key) {
        this.process = process;
        this.address = address;
        this.key = key;
    }

    /** @throws IOException telling what it wrote where it does not serve */
    public static DecryptingGateway start(Order order) throws IOException {
        InetAddress listen = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        Path folder = order.folder();
        TokenMaker token = null;
        byte[] info;
        if (order.key() == KeyPlace.FILE) {
            KeyPair keys = keys(order.bits());
            info = keys.getPublic().getEncoded();
            CardinalGateway.write(
                    folder.resolve("private"),
                    "gateway.pem",
                    CardinalGateway.pem("PRIVATE KEY", keys.getPrivate().getEncoded()));
        } else {
            token = TokenMaker.makeDecrypting(order.key(), order.bits(), folder);
            info = token.publicKeyInfo();
        }
        CardinalGateway.write(folder.resolve("pubkey"), "gateway.pem", CardinalGateway.pem("PUBLIC KEY", info));
        CardinalGateway.write(
                folder.resolve("pubkey"),
                "client.pem",
                CardinalGateway.pem("PUBLIC KEY", keys(CLIENT_BITS).getPublic().getEncoded()));
        CardinalGateway.write(folder, "cardinal.conf", cardinalConf(listen, token));
        CardinalGateway.write(folder, "swanctl.conf", swanctlConf(order));
        Map<String, String> environment = new HashMap<>();
        environment.put("CARDINAL_LOG", "ERROR");
        List<String> arguments = new ArrayList<>(List.of(folder.toString()));
        if (token != null) {
            environment.putAll(token.environment());
        }
        if (order.slowMillis() > 0) {
            arguments.add(Integer.toString(order.slowMillis()));
        }
        Path errors = folder.resolve("gateway.err");
        Process process = ChildJvm.of(
                        GatewayProcess.class,
                        List.of("-Xms" + HEAP_MEGABYTES + "m", "-Xmx" + HEAP_MEGABYTES + "m"),
                        arguments,
                        environment)
                .start(errors);
        BufferedReader answers =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String ready = CardinalGateway.line(answers, GatewayProcess.READY);
        if (ready == null) {
            process.destroyForcibly();
            throw new IOException("the gateway does not serve: " + Files.readString(errors));
        }
        return new DecryptingGateway(process, new InetSocketAddress(listen, Integer.parseInt(ready)), rsa(info));
    }

    private static KeyPair keys(int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static RSAPublicKey rsa(byte[] info) throws IOException {
        try {
            return (RSAPublicKey) KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(info));
        } catch (GeneralSecurityException e) {
            throw new IOException("the gateway's public key", e);
        }
    }

    private static String cardinalConf(InetAddress listen, @Nullable TokenMaker token) {
        StringBuilder text = new StringBuilder();
        text.append("cardinal {\n  listen = ")
                .append(listen.getHostAddress())
                .append("\n  port = 0\n  port_nat_t = 0\n");
        text.append("  cookie_threshold = 0\n  cookie_threshold_ip = 0\n  block_threshold = 0\n}\n");
        if (token != null) {
            text.append("tokens {\n");
            CardinalGateway.token(text, "keys", token, "decrypt");
            text.append("}\n");
        }
        return text.toString();
    }

    private static String swanctlConf(Order order) {
        return """
                connections {
                  clients {
                    version = 1
                    proposals = aes128-sha256-ecp256
                    unique = never
                    local {
                      auth = %1$s
                      pubkeys = gateway.pem
                      id = %2$s
                    }
                    remote {
                      auth = %1$s
                      pubkeys = client.pem
                      id = %3$s
                    }
                    children {
                      net {
                        local_ts = 10.0.0.0/8
                      }
                    }
                  }
                }
                """.formatted(order.method(), GATEWAY, CLIENT);
    }

    /** Where IKE is spoken. */
    public InetSocketAddress address() {
        return address;
    }

    /** The key to encrypt to it with. */
    public RSAPublicKey key() {
        return key;
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close(); // its input's end is its order to end
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
