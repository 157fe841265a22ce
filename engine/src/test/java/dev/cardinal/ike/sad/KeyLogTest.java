package dev.cardinal.ike.sad;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.MessageProtection;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.sa.Addresses;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.ChildSuite;
import dev.cardinal.ike.sa.IkeSuite;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyLogTest {
    private static final long SPI_I = 0x0123456789abcdefL;
    private static final long SPI_R = 0xfedcba9876543210L;

    private final Random random = new Random(17);
    private long openSecrets;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private java.nio.file.Path folder;

    @BeforeEach
    void countSecrets() {
        openSecrets = Secret.open();
    }

    @AfterEach
    void leavesNoSecretOpen() {
        assertEquals(openSecrets, Secret.open());
    }

    /** Wireshark decrypts with the line what our own protection made: the line is right, and so is the message. */
    @Test
    void tsharkDecryptsIke() throws Exception {
        tsharkDecrypts(EncryptionAlgorithm.AES_GCM_16, 256, null);
        tsharkDecrypts(EncryptionAlgorithm.AES_GCM_16, 128, null);
        tsharkDecrypts(EncryptionAlgorithm.AES_CBC, 128, IntegrityAlgorithm.HMAC_SHA2_256_128);
        tsharkDecrypts(EncryptionAlgorithm.AES_CBC, 256, IntegrityAlgorithm.HMAC_SHA2_512_256);
    }

    private void tsharkDecrypts(EncryptionAlgorithm encryption, int bits, @Nullable IntegrityAlgorithm integrity)
            throws Exception {
        java.nio.file.Path file = folder.resolve("keys-" + encryption + bits);
        IkeSuite suite = new IkeSuite(
                encryption, bits, PseudorandomFunction.HMAC_SHA2_256, integrity, KeyExchangeMethod.CURVE_25519);
        byte[] message;
        try (KeyLog keyLog = KeyLog.open(file);
                Secret skEi = secret(encryption.keyMaterialLength(bits));
                Secret skEr = secret(encryption.keyMaterialLength(bits))) {
            Secret skAi = integrity == null ? null : secret(integrity.keyLength());
            Secret skAr = integrity == null ? null : secret(integrity.keyLength());
            keyLog.derived(SPI_I, SPI_R, suite, skEi, skEr, skAi, skAr);
            try (MessageProtection protection = new MessageProtection(
                    new SymmetricCrypto(),
                    random::nextBytes,
                    encryption,
                    skEi.copy(),
                    integrity,
                    skAi == null ? null : skAi.copy())) {
                List<Payload> inner = List.of(Payload.Notify.of(NotifyType.INITIAL_CONTACT));
                IkeHeader header = new IkeHeader(
                        SPI_I, SPI_R, 0, 2, 0, ExchangeType.INFORMATIONAL, IkeHeader.FLAG_INITIATOR, 2, 0);
                message = protection.protect(header, MessageCodec.firstType(inner), MessageCodec.encodePayloads(inner));
            }
            if (skAi != null && skAr != null) {
                skAi.close();
                skAr.close();
            }
        }
        List<String> lines = Files.readAllLines(file);
        assertEquals(1, lines.size());
        java.nio.file.Path capture = folder.resolve("ike.pcap");
        Files.write(capture, pcap(message));
        String sealed = tshark(capture, List.of());
        assertFalse(sealed.contains("INITIAL_CONTACT"), sealed);
        String open = tshark(capture, lines);
        assertTrue(open.contains("INITIAL_CONTACT"), open);
    }

    @Test
    void tsharkTakesIsakmpKeys() throws Exception {
        java.nio.file.Path file = folder.resolve("isakmp");
        try (KeyLog keyLog = KeyLog.open(file);
                Secret key =
                        Secret.owning(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, (byte) 0xff})) {
            keyLog.derivedIkev1(SPI_I, key);
        }
        List<String> lines = Files.readAllLines(file);
        assertEquals(List.of("ikev1_decryption_table:0123456789abcdef,0102030405060708090a0b0c0d0e0fff"), lines);
        java.nio.file.Path capture = folder.resolve("empty.pcap");
        Files.write(capture, pcap(new byte[28]));
        tshark(capture, lines); // a line it cannot read would end it
    }

    @Test
    void tsharkTakesEspKeys() throws Exception {
        java.nio.file.Path file = folder.resolve("esp");
        RecordingSad sad = new RecordingSad();
        try (KeyLog keyLog = KeyLog.open(file)) {
            KeyLogSad logging = new KeyLogSad(sad, keyLog);
            ChildSa child = child(new ChildSuite(
                    EncryptionAlgorithm.AES_CBC, 128, IntegrityAlgorithm.HMAC_SHA2_256_128, null, false));
            logging.install(child, keys(16, 32), failure -> assertNull(failure));
            ChildSa aead = new ChildSa(
                    "aead",
                    2,
                    1,
                    3,
                    0x00c0ffee,
                    0x80000001,
                    suite(),
                    true,
                    false,
                    child.path(),
                    List.of(),
                    List.of(),
                    true);
            logging.install(aead, keys(36, 0), failure -> assertNull(failure));
            logging.remove(aead);
        }
        assertEquals(1, sad.installed().size());
        List<String> lines = Files.readAllLines(file);
        assertEquals(4, lines.size());
        assertTrue(
                lines.get(0)
                        .startsWith("esp_sa:\"IPv4\",\"192.0.2.1\",\"198.51.100.1\",\"0x00002000\","
                                + "\"AES-CBC [RFC3602]\",\"0x"),
                lines.get(0));
        assertTrue(
                lines.get(3)
                        .startsWith("esp_sa:\"IPv4\",\"198.51.100.1\",\"192.0.2.1\",\"0x00c0ffee\","
                                + "\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x"),
                lines.get(3));
        assertTrue(lines.get(3).endsWith("\",\"NULL\",\"\""), lines.get(3));
        java.nio.file.Path capture = folder.resolve("empty.pcap");
        Files.write(capture, pcap(new byte[28]));
        tshark(capture, lines); // a line it cannot read would end it
    }

    @Test
    void onlyTheOwnerReadsAndNothingIsOverwritten() throws Exception {
        java.nio.file.Path file = folder.resolve("log");
        KeyLog.open(file).close();
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertThrows(FileAlreadyExistsException.class, () -> KeyLog.open(file));
    }

    private String tshark(java.nio.file.Path capture, List<String> uats) throws Exception {
        List<String> command = new ArrayList<>(List.of("tshark", "-r", capture.toString(), "-O", "isakmp"));
        for (String line : uats) {
            command.add("-o");
            command.add("uat:" + line);
        }
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("HOME", folder.toString());
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), output);
        return output;
    }

    /** One UDP datagram between ports 500, link type raw IP. */
    private static byte[] pcap(byte[] message) {
        int length = 28 + message.length;
        ByteBuffer file = ByteBuffer.allocate(24 + 16 + length);
        file.putInt(0xa1b2c3d4)
                .putShort((short) 2)
                .putShort((short) 4)
                .putLong(0)
                .putInt(65535)
                .putInt(101);
        file.putInt(0).putInt(0).putInt(length).putInt(length);
        file.putShort((short) 0x4500)
                .putShort((short) length)
                .putInt(0)
                .putShort((short) 0x4011)
                .putShort((short) 0);
        file.put(new byte[] {(byte) 192, 0, 2, 1, (byte) 198, 51, 100, 1});
        file.putShort((short) 500)
                .putShort((short) 500)
                .putShort((short) (8 + message.length))
                .putShort((short) 0);
        return file.put(message).array();
    }

    private Secret secret(int length) {
        byte[] octets = new byte[length];
        random.nextBytes(octets);
        return Secret.owning(octets);
    }

    private ChildKeys keys(int encryption, int integrity) {
        return new ChildKeys(
                secret(encryption),
                integrity == 0 ? null : secret(integrity),
                secret(encryption),
                integrity == 0 ? null : secret(integrity));
    }

    private static ChildSuite suite() {
        return new ChildSuite(EncryptionAlgorithm.AES_GCM_16, 256, null, null, false);
    }

    private static ChildSa child(ChildSuite suite) {
        Path path = new Path(
                new InetSocketAddress(Addresses.of(new byte[] {(byte) 192, 0, 2, 1}), 500),
                new InetSocketAddress(Addresses.of(new byte[] {(byte) 198, 51, 100, 1}), 500),
                false);
        return new ChildSa(
                "child", 1, 1, 3, 0x1000, 0x2000, suite, true, false, path, Arrays.asList(), Arrays.asList(), true);
    }
}
