package dev.cardinal.ike.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.cardinal.hsm.pool.KeyGeneration;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.ike.backend.HostDecryptionKey;
import dev.cardinal.ike.backend.TestCertificate;
import dev.cardinal.ike.backend.TestToken;
import dev.cardinal.ike.backend.TokenDecryptionKey;
import dev.cardinal.ike.config.ConfigErrors;
import dev.cardinal.ike.config.Configuration;
import dev.cardinal.ike.config.PrivateKeys.KeyTrouble;
import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.DecryptionKey;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.Urgency;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.crypto.Cipher;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The keys of a configuration, on a SoftHSM and in files, as the daemon finds them. */
@Timeout(120)
class OpenTokensTest {
    private static final byte[] NONCE = {1, 2, 3, 4, 5, 6, 7, 8};

    /** Of one token: it decrypts alone; it signs alone; it does both. */
    private static byte[] decrypting = {};

    private static byte[] signing = {};
    private static byte[] both = {};

    @TempDir
    private Path folder;

    @BeforeAll
    static void makeToken() throws Exception {
        TestToken token = new TestToken("open-tokens");
        both = Objects.requireNonNull(token.publicKeys().get("rsa"));
        try (KeyGeneration generation = KeyGeneration.open(
                TestToken.module(), null, new TokenSelector.ByLabel("open-tokens"), TestToken.PIN::clone)) {
            decrypting = generation.generateRsaDecryptionKeyPair("decrypts", new byte[] {0x21}, 2048);
            signing = generation.generateRsaSigningKeyPair("signs", new byte[] {0x22}, 2048);
        }
    }

    private static PublicKey rsa(byte[] info) throws Exception {
        return KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(info));
    }

    private void pem(String file, String kind, byte[] octets) throws IOException {
        Path path = folder.resolve(file);
        Files.createDirectories(Objects.requireNonNull(path.getParent()));
        Files.writeString(
                path,
                "-----BEGIN " + kind + "-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(octets) + "\n-----END " + kind
                        + "-----\n");
    }

    /** A configuration whose one connection decrypts with a key. */
    private Configuration configuration(byte[] own, String roles) throws Exception {
        pem("pubkey/own.pub", "PUBLIC KEY", own);
        pem(
                "pubkey/peer.pub",
                "PUBLIC KEY",
                TestCertificate.keys("RSA-2048", "open-tokens-peer").getPublic().getEncoded());
        Files.write(folder.resolve("pin"), TestToken.PIN);
        Files.writeString(folder.resolve("cardinal.conf"), """
                cardinal {
                  listen = 127.0.0.1
                  port = 0
                  port_nat_t = 0
                  loops = 1
                }
                tokens {
                  hsm {
                    module = %s
                    token = open-tokens
                    pin_file = pin
                    workers = 2
                    %s
                  }
                }
                """.formatted(TestToken.module(), roles));
        Files.writeString(folder.resolve("swanctl.conf"), """
                connections {
                  enc {
                    version = 1
                    local {
                      auth = rsa-encr
                      pubkeys = own.pub
                      id = gate.example.org
                    }
                    remote {
                      auth = rsa-encr
                      pubkeys = peer.pub
                      id = peer.example.org
                    }
                  }
                }
                """);
        ConfigErrors errors = new ConfigErrors();
        Configuration configuration = Configuration.read(folder, Configuration.Ports.CLIENT, errors);
        assertEquals(List.of(), errors.list());
        return configuration;
    }

    private static List<String> refusal(Configuration configuration) {
        StartFailure failure = assertThrows(
                StartFailure.class, () -> Daemon.start(configuration).close());
        return failure.lines();
    }

    @Test
    void theDaemonStartsWithAKeyThatDecryptsAlone() throws Exception {
        ListAppender<ILoggingEvent> heard = listen();
        try (Daemon daemon = Daemon.start(configuration(decrypting, ""))) {
            assertEquals(1, daemon.endpoints().size());
            assertTrue(warnings(heard).isEmpty(), () -> warnings(heard).toString());
        } finally {
            deafen(heard);
        }
    }

    @Test
    void aKeyThatMaySignTooIsWarnedOf() throws Exception {
        ListAppender<ILoggingEvent> heard = listen();
        try (Daemon daemon = Daemon.start(configuration(both, ""))) {
            assertEquals(1, daemon.endpoints().size());
            List<String> warnings = warnings(heard);
            assertEquals(1, warnings.size(), warnings::toString);
            assertTrue(
                    warnings.getFirst().startsWith("token hsm: the key pkcs11:")
                            && warnings.getFirst().contains("object=rsa")
                            && warnings.getFirst().contains("CKA_SIGN"),
                    warnings::toString);
        } finally {
            deafen(heard);
        }
    }

    @Test
    void aKeyThatMayNotDecryptIsRefusedByName() throws Exception {
        List<String> lines = refusal(configuration(signing, ""));
        assertEquals(1, lines.size(), lines::toString);
        String line = lines.getFirst();
        assertTrue(
                line.contains("connections.enc: token hsm: ")
                        && line.contains("CKA_DECRYPT is false")
                        && line.contains("object=signs"),
                line);
    }

    @Test
    void aTokenWithoutTheRoleAndAKeyThatIsNowhereAreNoHelp() throws Exception {
        String nowhere = "no private key to decrypt with, on a token or in a file";
        assertTrue(refusal(configuration(decrypting, "roles = sign, key-exchange"))
                .getFirst()
                .endsWith(nowhere));
        byte[] strange = TestCertificate.keys("RSA-2048", "open-tokens-strange")
                .getPublic()
                .getEncoded();
        assertTrue(refusal(configuration(strange, "")).getFirst().endsWith(nowhere));
    }

    /** One that a connection signs with does not decrypt, nor the other way round, whatever asked first. */
    @Test
    void oneKeyDoesOneThing() throws Exception {
        try (Configuration configuration = configuration(both, "")) {
            try (OpenTokens tokens = OpenTokens.open(configuration)) {
                assertNotNull(tokens.findDecryption(rsa(both)));
                assertNotNull(tokens.findDecryption(rsa(both)), "for a second connection");
                KeyTrouble trouble = assertThrows(KeyTrouble.class, () -> tokens.find(rsa(both)));
                assertTrue(trouble.what().contains("one key for each"), trouble.what());
            }
            try (OpenTokens tokens = OpenTokens.open(configuration)) {
                assertNotNull(tokens.find(rsa(both)));
                assertThrows(KeyTrouble.class, () -> tokens.findDecryption(rsa(both)));
                assertNull(tokens.findDecryption(
                        TestCertificate.keys("RSA-2048", "open-tokens-strange").getPublic()));
            }
        }
    }

    @Test
    void keysOnTheTokenAndInAFileDecrypt() throws Exception {
        KeyPair file = TestCertificate.keys("RSA-2048", "open-tokens-file");
        pem("private/file.key", "PRIVATE KEY", file.getPrivate().getEncoded());
        try (Configuration configuration = configuration(decrypting, "");
                OpenTokens tokens = OpenTokens.open(configuration)) {
            DecryptionKey inFile = assertInstanceOf(HostDecryptionKey.class, tokens.findDecryption(file.getPublic()));
            assertTrue(inFile.location().endsWith("private/file.key"), inFile.location());
            DecryptionKey onToken = assertInstanceOf(TokenDecryptionKey.class, tokens.findDecryption(rsa(decrypting)));
            assertTrue(onToken.location().contains("object=decrypts"), onToken.location());
            Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
            cipher.init(Cipher.ENCRYPT_MODE, rsa(decrypting));
            byte[] ciphertext = cipher.doFinal(NONCE);
            CompletableFuture<CryptoOutcome> future = new CompletableFuture<>();
            assertTrue(tokens.all()
                    .getFirst()
                    .port()
                    .submit(
                            new CryptoRequest.Decrypt(
                                    onToken,
                                    List.of(ciphertext, new byte[256]),
                                    Urgency.NEW,
                                    System.nanoTime() + TimeUnit.SECONDS.toNanos(60)),
                            future::complete));
            CryptoOutcome.Decrypted decrypted =
                    assertInstanceOf(CryptoOutcome.Decrypted.class, future.get(60, TimeUnit.SECONDS));
            try (Secret nonce = Secret.copyOf(NONCE)) {
                assertEquals(
                        List.of(true, false),
                        decrypted.plaintexts().stream().map(nonce::matches).toList());
            }
            decrypted.plaintexts().forEach(Secret::close);
        }
    }

    private static ListAppender<ILoggingEvent> listen() {
        ListAppender<ILoggingEvent> heard = new ListAppender<>();
        heard.start();
        logger().addAppender(heard);
        return heard;
    }

    private static void deafen(ListAppender<ILoggingEvent> heard) {
        logger().detachAppender(heard);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(OpenTokens.class);
    }

    private static List<String> warnings(ListAppender<ILoggingEvent> heard) {
        return heard.list.stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }
}
