package dev.cardinal.ike.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.backend.TestToken;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gateway and client as an operator runs them: processes, folders of configuration, output and exit codes. */
class GatewayProcessTest {
    private static final String GATEWAY = "gw.cardinal.invalid";
    private static final String CLIENT = "carol.cardinal.invalid";
    private static final String SECRET = "correct horse battery staple";

    @TempDir
    private Path folder;

    @Test
    void secondGatewayOnAPortIsOneLine() throws Exception {
        Path first = gateway("first", 0, 0, "psk", SECRET);
        try (CliProcess one = CliProcess.start("gateway", "--config", first.toString())) {
            int[] ports = ports(one);
            Path second = gateway("second", ports[0], ports[1], "psk", SECRET);
            try (CliProcess two = CliProcess.start("gateway", "--config", second.toString())) {
                assertEquals(1, two.exitCode(), two::output);
                assertEquals(List.of(), two.out());
                assertEquals(1, two.err().size(), two::output);
                assertTrue(two.err().getFirst().contains("127.0.0.1:" + ports[0]), two::output);
            }
            assertEquals(0, one.terminate(), one::output);
        }
    }

    @Test
    void sharedKeyFromEndToEnd() throws Exception {
        try (CliProcess gateway = CliProcess.start(
                "gateway", "--config", gateway("gateway", 0, 0, "psk", SECRET).toString())) {
            int port = ports(gateway)[0];
            Path client = client("client", port, "psk", SECRET);
            holdsAndDeletes(gateway, client);
            assertEquals(0, gateway.terminate(), gateway::output);
        }
    }

    @Test
    void onceDeletesAndEnds() throws Exception {
        try (CliProcess gateway = CliProcess.start(
                "gateway", "--config", gateway("gateway", 0, 0, "psk", SECRET).toString())) {
            int port = ports(gateway)[0];
            Path client = client("client", port, "psk", SECRET);
            try (CliProcess initiate =
                    CliProcess.start("initiate", "--config", client.toString(), "--child", "net", "--once")) {
                assertEquals(0, initiate.exitCode(), initiate::output);
                assertTrue(initiate.out().getFirst().contains("ESTABLISHED, IKEv2"), initiate::output);
            }
            gateway.awaitErr(line -> line.contains("IKE SA closed"));

            // the same with a secret that is not the gateway's
            Path wrong = client("wrong", port, "psk", "incorrect horse");
            try (CliProcess initiate =
                    CliProcess.start("initiate", "--config", wrong.toString(), "--child", "net", "--once")) {
                assertEquals(1, initiate.exitCode(), initiate::output);
                assertEquals(List.of(), initiate.out());
                List<String> lines = initiate.err().stream()
                        .filter(line -> line.startsWith("cardinal initiate: "))
                        .toList();
                assertEquals(1, lines.size(), initiate::output);
                assertTrue(
                        lines.getFirst().startsWith("cardinal initiate: home/net was not established: "),
                        lines.getFirst());
                assertEquals(lines.getFirst(), initiate.err().getLast());
            }
            assertEquals(0, gateway.terminate(), gateway::output);
        }
    }

    @Test
    void rsaKeyOnATokenFromEndToEnd() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        KeyPair authority = generator.generateKeyPair();
        KeyPair carol = generator.generateKeyPair();
        byte[] rsa = java.util.Objects.requireNonNull(
                new TestToken("cli-gateway").publicKeys().get("rsa"));
        Path gateway = gateway("gateway", 0, 0, "pubkey", SECRET);
        Files.writeString(
                gateway.resolve("cardinal.conf"),
                "tokens {\n main {\n module = /usr/lib/softhsm/libsofthsm2.so\n token = cli-gateway\n"
                        + " pin_file = pin\n workers = 2\n }\n}\n",
                java.nio.file.StandardOpenOption.APPEND);
        Files.writeString(gateway.resolve("pin"), new String(TestToken.PIN, StandardCharsets.US_ASCII) + "\n");
        pem(gateway.resolve("x509/gw.pem"), "CERTIFICATE", certificate(GATEWAY, rsa, authority, false));
        byte[] root = certificate("ca", authority.getPublic().getEncoded(), authority, true);
        pem(gateway.resolve("x509ca/ca.pem"), "CERTIFICATE", root);
        try (CliProcess server = CliProcess.start("gateway", "--config", gateway.toString())) {
            Path client = client("client", ports(server)[0], "pubkey", SECRET);
            pem(
                    client.resolve("x509/gw.pem"),
                    "CERTIFICATE",
                    certificate(CLIENT, carol.getPublic().getEncoded(), authority, false));
            pem(client.resolve("x509ca/ca.pem"), "CERTIFICATE", root);
            pem(
                    client.resolve("private/carol.pem"),
                    "PRIVATE KEY",
                    carol.getPrivate().getEncoded());
            holdsAndDeletes(server, client);
            assertTrue(server.err().stream().anyMatch(line -> line.contains("token=cli-gateway")), server::output);
            assertEquals(0, server.terminate(), server::output);
        }
    }

    /** The listing, SIGTERM, and what the gateway says of both. */
    private static void holdsAndDeletes(CliProcess gateway, Path client) throws InterruptedException {
        try (CliProcess initiate = CliProcess.start("initiate", "--config", client.toString(), "--child", "net")) {
            initiate.awaitOut(line -> line.contains("ESTABLISHED, IKEv2"));
            initiate.awaitOut(line -> line.contains("INSTALLED, TUNNEL, ESP:"));
            initiate.awaitOut(line -> line.matches(" +local +10\\.2\\.0\\.0/16"));
            initiate.awaitOut(line -> line.matches(" +remote +10\\.1\\.0\\.0/16"));
            gateway.awaitErr(line -> line.contains("IKE SA established"));
            gateway.awaitErr(line -> line.contains("Child SA established"));
            assertEquals(0, initiate.terminate(), initiate::output);
        }
        gateway.awaitErr(line -> line.contains("IKE SA closed"));
    }

    /** IKE's and NAT-T's port of the one address, from the line on stdout. */
    private static int[] ports(CliProcess gateway) throws InterruptedException {
        String[] words = gateway.awaitOut(line -> line.startsWith("ready ")).split(" ");
        assertEquals(3, words.length, gateway::output);
        int[] ports = new int[2];
        for (int i = 0; i < 2; i++) {
            assertTrue(words[i + 1].startsWith("127.0.0.1:"), words[i + 1]);
            ports[i] = Integer.parseInt(words[i + 1].substring("127.0.0.1:".length()));
        }
        return ports;
    }

    private Path gateway(String name, int port, int natTPort, String auth, String secret) throws IOException {
        return configuration(
                name, GATEWAY, CLIENT, port, natTPort, "remote_addrs = 127.0.0.1", "10.1", "10.2", auth, secret);
    }

    private Path client(String name, int remotePort, String auth, String secret) throws IOException {
        return configuration(
                name,
                CLIENT,
                GATEWAY,
                0,
                0,
                "remote_addrs = 127.0.0.1\n    remote_port = " + remotePort,
                "10.2",
                "10.1",
                auth,
                secret);
    }

    private Path configuration(
            String name,
            String local,
            String remote,
            int port,
            int natTPort,
            String where,
            String localNet,
            String remoteNet,
            String auth,
            String secret)
            throws IOException {
        Path made = Files.createDirectory(folder.resolve(name));
        for (String each : List.of("x509", "x509ca", "private")) {
            Files.createDirectory(made.resolve(each));
        }
        Files.writeString(made.resolve("cardinal.conf"), """
                cardinal {
                  listen = 127.0.0.1
                  port = %d
                  port_nat_t = %d
                  loops = 1
                }
                """.formatted(port, natTPort));
        String certificate = auth.equals("psk") ? "" : "certs = gw.pem";
        Files.writeString(
                made.resolve("swanctl.conf"),
                """
                connections {
                  home {
                    local_addrs = 127.0.0.1
                    %s
                    local {
                      auth = %s
                      id = %s
                      %s
                    }
                    remote {
                      auth = %s
                      id = %s
                    }
                    children {
                      net {
                        local_ts = %s.0.0/16
                        remote_ts = %s.0.0/16
                      }
                    }
                  }
                }
                """.formatted(where, auth, local, certificate, auth, remote, localNet, remoteNet)
                        + (auth.equals("psk") ? """
                secrets {
                  ike-1 {
                    id-1 = %s
                    id-2 = %s
                    secret = "%s"
                  }
                }
                """.formatted(local, remote, secret) : ""));
        return made;
    }

    private static byte[] certificate(String name, byte[] publicKeyInfo, KeyPair authority, boolean ca)
            throws Exception {
        Instant now = Instant.now();
        X509v3CertificateBuilder builder = new X509v3CertificateBuilder(
                new X500Name("CN=ca"),
                BigInteger.valueOf(System.nanoTime() | 1),
                Date.from(now.minus(Duration.ofHours(1))),
                Date.from(now.plus(Duration.ofDays(1))),
                new X500Name("CN=" + name),
                SubjectPublicKeyInfo.getInstance(publicKeyInfo));
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(ca));
        if (!ca) {
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(new GeneralName(GeneralName.dNSName, name)));
        }
        return builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(authority.getPrivate()))
                .getEncoded();
    }

    private static void pem(Path file, String type, byte[] octets) throws IOException {
        StringWriter out = new StringWriter();
        try (PemWriter writer = new PemWriter(out)) {
            writer.writeObject(new PemObject(type, octets));
        }
        Files.writeString(file, out.toString());
    }
}
