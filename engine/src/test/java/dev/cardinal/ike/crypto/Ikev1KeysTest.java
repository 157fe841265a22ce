package dev.cardinal.ike.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.vectors.Json;
import dev.cardinal.ike.vectors.SharedVectors;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The keys and the cipher of IKEv1 (RFC 2409 sections 5 and 5.5, appendix B). */
class Ikev1KeysTest {
    private static final HexFormat HEX = HexFormat.of();

    private final SymmetricCrypto symmetric = new SymmetricCrypto();
    private long openBefore;

    /** How a CAVP file says that SKEYID is made. */
    private enum Mode {
        PSK,
        DSIG,
        PKE
    }

    private record Vector(
            Mode mode,
            PseudorandomFunction prf,
            String psk,
            String ckyI,
            String ckyR,
            String ni,
            String nr,
            String gxy,
            String skeyid,
            String skeyidD,
            String skeyidA,
            String skeyidE) {}

    /** NIST CAVP, SP 800-135: ikev1_psk.rsp, ikev1_dsa.rsp, ikev1_pke.rsp (CAVS 12.0), some of the shortest of each. */
    private static final List<Vector> VECTORS = List.of(
            new Vector(
                    Mode.PSK,
                    PseudorandomFunction.HMAC_SHA1,
                    "04",
                    "a6d9e8b73ccfe697",
                    "c6b20688c1ff872e",
                    "2d6d220fd2ffc9d7",
                    "f5cddf26592ad5b4",
                    "00d01616e4c3d87906f6ce7138e5c95abb09dc7e28b373a8",
                    "f960dfc637ec9077e0cbc213a80e7b9762661182",
                    "4784c4f4bf62a3d49979d68d71de54e24e2e5bf5",
                    "8c11884146ac5e93ee2106e685c2c9684e7db335",
                    "1ce2fcea05cac1dc7a2c207a813af6bfc67b3cd1"),
            new Vector(
                    Mode.PSK,
                    PseudorandomFunction.HMAC_SHA2_256,
                    "a2",
                    "f9b6109a2f331f8e",
                    "31f6b8a2bfcf11c4",
                    "cada98be4a22e165",
                    "261024b5d7a25f3d",
                    "0030b74728cbfab6786559ee50c5f64a8c5d2a7d739529a6",
                    "fa260b0314a52b1dbeabb075adf29d992493dbf3b16ad77d2ba1b31c7d7f197f",
                    "f7073ff0c6bd58a3833e5d7b4beab7fe73b2c9b771f81513e6669f3d0eaf3ff9",
                    "2aca04b36817d7c115aadd24ecbb6c930722f21f6cdaf8246807d37273330f9d",
                    "b4d44db85a501d669f356bbbdb0d0441bcc5e5b8a3fe0316ab5a2a0c5bf4bcfe"),
            new Vector(
                    Mode.DSIG,
                    PseudorandomFunction.HMAC_SHA1,
                    "",
                    "07c1a7f9d4027f61",
                    "1019170445d8ab18",
                    "08c3bbbeee660868",
                    "4f659355c24c3d0b",
                    "00c133cbf2edb691a7902faaa8784da4cd2f1eadfaa5ea1d",
                    "ef01895fedcd87f03d0609d938a9149ba8284bd7",
                    "71d62e9fd448cbd854cde09220797ada9bd52bbb",
                    "ce4232ffca8c05108d13c9951ba9c17ae3591a9a",
                    "3100a70db00b171f00b6e1ac4b7a7fbcaafb22ad"),
            new Vector(
                    Mode.DSIG,
                    PseudorandomFunction.HMAC_SHA2_512,
                    "",
                    "236e90acd3f2c19d",
                    "7a73004c740854a4",
                    "ec3a23ec99528e81",
                    "2f231ce6c5011b6b",
                    "010deff77fe4f6f590b61b5b4b051d91dbf570d94b2628dc",
                    "98548053ef50315fda9b7ba1ee15f61331a7df1212364972d4cb3cde1dfd964b1014b5ee0b342ba54d4e6422"
                            + "9e285266a557b1d88ae812ab113f05b82384e9af",
                    "d705851cd9b0cdfd10502fe2a6a9c4a0b121acf867ca807dd0023f33f026c71c7d5999f4ecad23ca478d2b8e"
                            + "9ee7196debcb66e5ccabb5daee1bdf50be9de1e8",
                    "4596d99c2f2429fee2dc37d7b65c31a94387d46e741ce8ebf1f658d1166a28ea2fa6bcc2bc8097a9c392fdbe"
                            + "7597b2a0176dcc495165f3fbaf290f92f4e249f2",
                    "7227f9f798b38119b2c77b75d96306c27be4c87a91e1656715d411df11bf92f066e86501882c29ba152f3756"
                            + "850d2bfeaa22ea3eef541be3b4233c641c08c89e"),
            new Vector(
                    Mode.PKE,
                    PseudorandomFunction.HMAC_SHA1,
                    "",
                    "b5b5d4993e78b32e",
                    "9383189dd7965068",
                    "82c011f4ebd94754",
                    "f0af1fddf161ae9f",
                    "00b169168bc9937b6aedc9553709e9d18f5a9a06b9c0d568",
                    "258549f8460411ac2dee9ad0c5532499ebf4664b",
                    "6fa312796133894f4c653c4a385097b7337ca297",
                    "f31bc589c6f144c66ed5cfe043c81db93132c925",
                    "4eafded1dd286c7efc222fd523b2fad43f688802"),
            new Vector(
                    Mode.PKE,
                    PseudorandomFunction.HMAC_SHA2_384,
                    "",
                    "1c11d3e9bd4ef168",
                    "8957ce735dadb540",
                    "9c135888f422cad0",
                    "56e4853222d5d801",
                    "00ffd16b42b804600e359f9200309e124ccf0f0138a2bdbe",
                    "9c993d628e8790b7a361df8e28e903ae9e65f0a85ed5217f5fea1560c805f07b522eb946975af18fe5c89cbf"
                            + "fd5dbe6e",
                    "710eb7d3491cead0176941f1f4b01faeb49b08c9a66af62f2fbf3920208ba423e5fc72c5c3a8b5f8d7886168"
                            + "01c38bf1",
                    "afffd52b35aae4ad540514ff347e5928e79d8892c46d8c6f2a219afad9246ef0f1f2506bc06c4a72a1af67b8"
                            + "898473f4",
                    "b78713333064ad7958f98dd61ba05d93a30b567a5a1236be0bc8b04b289b6706b868492f0cfe22ff69b92e02"
                            + "80321781"));

    @BeforeEach
    void countSecrets() {
        openBefore = Secret.open();
    }

    @AfterEach
    void noSecretStaysOpen() {
        assertEquals(openBefore, Secret.open());
    }

    private static byte[] hex(String digits) {
        return HEX.parseHex(digits);
    }

    private static String hex(Secret secret) {
        return secret.<String>lend(HEX::formatHex);
    }

    private @Nullable Secret skeyid(Vector v) {
        return switch (v.mode()) {
            case DSIG -> null;
            case PSK -> {
                try (Secret psk = Secret.owning(hex(v.psk()))) {
                    yield symmetric.prf(v.prf(), psk, hex(v.ni()), hex(v.nr()));
                }
            }
            case PKE -> {
                try (Secret key = Secret.owning(symmetric.hash(v.prf(), hex(v.ni()), hex(v.nr())))) {
                    yield symmetric.prf(v.prf(), key, hex(v.ckyI()), hex(v.ckyR()));
                }
            }
        };
    }

    private void assertKeys(Vector v) {
        try (Secret skeyid = skeyid(v);
                Secret gxy = Secret.owning(hex(v.gxy()));
                Secret keys = symmetric.derive(
                        new SecretDerivation.Ikev1Keys(
                                v.prf(),
                                skeyid,
                                hex(v.ni()),
                                hex(v.nr()),
                                Long.parseUnsignedLong(v.ckyI(), 16),
                                Long.parseUnsignedLong(v.ckyR(), 16)),
                        gxy)) {
            assertEquals(v.skeyid() + v.skeyidD() + v.skeyidA() + v.skeyidE(), hex(keys), v.mode() + " " + v.prf());
        }
    }

    @Test
    void nistsKeys() {
        VECTORS.forEach(this::assertKeys);
    }

    /** SHA-224, which no IKEv1 peer negotiates, is left out. */
    @Test
    void allOfNistsKeys() {
        int count = 0;
        for (Mode mode : Mode.values()) {
            Optional<Json> file = SharedVectors.file(
                            "kdf/nist-cavp-ikev1-" + mode.name().toLowerCase(java.util.Locale.ROOT) + ".json")
                    .map(Json::read);
            for (Json test : file.map(json -> json.get("tests").elements()).orElse(List.of())) {
                PseudorandomFunction prf = switch (test.get("hash").text()) {
                    case "SHA-1" -> PseudorandomFunction.HMAC_SHA1;
                    case "SHA-256" -> PseudorandomFunction.HMAC_SHA2_256;
                    case "SHA-384" -> PseudorandomFunction.HMAC_SHA2_384;
                    case "SHA-512" -> PseudorandomFunction.HMAC_SHA2_512;
                    default -> null;
                };
                if (prf != null) {
                    assertKeys(new Vector(
                            mode,
                            prf,
                            test.find("psk").map(Json::text).orElse(""),
                            test.get("ckyI").text(),
                            test.get("ckyR").text(),
                            test.get("ni").text(),
                            test.get("nr").text(),
                            test.get("gxy").text(),
                            test.get("skeyid").text(),
                            test.get("skeyidD").text(),
                            test.get("skeyidA").text(),
                            test.get("skeyidE").text()));
                    count++;
                }
            }
        }
        assertTrue(count == 0 || count == 3 * 220, "" + count);
        System.out.println("shared vectors: " + count + " of NIST SP 800-135 IKEv1");
    }

    /** A peer and its recorded messages: the keys, the IVs in their chain and the padding are all as they were on the wire. */
    @Test
    void recordedSessions() {
        int messages = 0;
        Optional<Json> file =
                SharedVectors.file("messages/rub-ikev1-psk-sessions.json").map(Json::read);
        for (Json session : file.map(json -> json.get("sessions").elements()).orElse(List.of())) {
            byte[] ni = session.get("ni").bytes();
            byte[] nr = session.get("nr").bytes();
            byte[] psk = session.get("pskAscii").text().getBytes(StandardCharsets.US_ASCII);
            PseudorandomFunction prf = PseudorandomFunction.HMAC_SHA1;
            try (Secret shared = Secret.owning(psk);
                    Secret skeyid = symmetric.prf(prf, shared, ni, nr);
                    Secret gxy = Secret.owning(session.get("gxy").bytes());
                    Secret keys = symmetric.derive(
                            new SecretDerivation.Ikev1Keys(
                                    prf,
                                    skeyid,
                                    ni,
                                    nr,
                                    Long.parseUnsignedLong(
                                            session.get("cookieI").text(), 16),
                                    Long.parseUnsignedLong(
                                            session.get("cookieR").text(), 16)),
                            gxy);
                    Secret skeyidE = keys.slice(60, 20);
                    IsakmpCipher cipher = new IsakmpCipher(symmetric, EncryptionAlgorithm.AES_CBC, prf, skeyidE, 128)) {
                assertEquals(
                        session.get("skeyid").text()
                                + session.get("skeyidD").text()
                                + session.get("skeyidA").text()
                                + session.get("skeyidE").text(),
                        hex(keys));
                assertEquals(session.get("ka").text(), hex(cipher.key()));
                for (Json message : session.get("messages").elements()) {
                    if (message.find("iv").isPresent()) {
                        byte[] wire = message.get("hex").bytes();
                        byte[] iv = message.get("iv").bytes();
                        byte[] text = Objects.requireNonNull(cipher.decrypt(wire, iv));
                        assertEquals(message.get("plaintext").text(), HEX.formatHex(text));
                        assertArrayEquals(
                                wire, cipher.encrypt(SymmetricCryptoTest.join(Arrays.copyOf(wire, 28), text), iv));
                        messages++;
                    }
                }
            }
        }
        assertTrue(messages == 0 || messages == 6, "" + messages);
        System.out.println("shared vectors: " + messages + " of recorded IKEv1 messages");
    }

    /** RFC 2409 section 5.5 written out a second time, with the MACs of the class below it. */
    @Test
    void quickModeKeysForBothSpis() {
        byte[] ni = hex("0102030405060708");
        byte[] nr = hex("1112131415161718191a1b1c1d1e1f20");
        for (PseudorandomFunction prf : List.of(
                PseudorandomFunction.HMAC_SHA1,
                PseudorandomFunction.HMAC_SHA2_256,
                PseudorandomFunction.HMAC_SHA2_512)) {
            for (int length : new int[] {0, 1, 20, 36, 64, 100}) {
                try (Secret skeyidD = Secret.owning(new byte[prf.length()]);
                        Secret gxy = Secret.owning(hex("a0a1a2a3"));
                        Secret none = Secret.owning(new byte[0])) {
                    var keys =
                            new SecretDerivation.QuickModeKeys(prf, skeyidD, 3, 0x01020304, 0xf0e0d0c0, ni, nr, length);
                    try (Secret forward = symmetric.derive(keys, gxy);
                            Secret plain = symmetric.quickModeKeys(keys)) {
                        assertEquals(
                                keymat(prf, skeyidD, gxy, "0301020304", ni, nr, length)
                                        + keymat(prf, skeyidD, gxy, "03f0e0d0c0", ni, nr, length),
                                hex(forward));
                        assertEquals(
                                keymat(prf, skeyidD, none, "0301020304", ni, nr, length)
                                        + keymat(prf, skeyidD, none, "03f0e0d0c0", ni, nr, length),
                                hex(plain));
                    }
                }
            }
        }
    }

    private String keymat(
            PseudorandomFunction prf, Secret skeyidD, Secret gxy, String spi, byte[] ni, byte[] nr, int length) {
        StringBuilder all = new StringBuilder();
        byte[] last = new byte[0];
        while (all.length() < 2 * length) {
            byte[] seed = SymmetricCryptoTest.join(last, gxy.<byte[]>lend(byte[]::clone), hex(spi), ni, nr);
            last = symmetric.prfPublic(prf, skeyidD, seed);
            all.append(HEX.formatHex(last));
        }
        return all.substring(0, 2 * length);
    }

    @Test
    void longKeysAreDrawnOutOfShortOnes() {
        try (Secret skeyidE = Secret.owning(hex("000102030405060708090a0b0c0d0e0f10111213"))) {
            PseudorandomFunction prf = PseudorandomFunction.HMAC_SHA1;
            byte[] k1 = symmetric.prfPublic(prf, skeyidE, new byte[1]);
            byte[] k2 = symmetric.prfPublic(prf, skeyidE, k1);
            String drawn = HEX.formatHex(k1) + HEX.formatHex(k2);
            assertKey(drawn.substring(0, 64), EncryptionAlgorithm.AES_CBC, skeyidE, 256);
            assertKey(drawn.substring(0, 48), EncryptionAlgorithm.AES_CBC, skeyidE, 192);
            assertKey(drawn.substring(0, 48), EncryptionAlgorithm.TRIPLE_DES_CBC, skeyidE, 0);
            assertKey(hex(skeyidE).substring(0, 32), EncryptionAlgorithm.AES_CBC, skeyidE, 128);
        }
    }

    private void assertKey(String expected, EncryptionAlgorithm encryption, Secret skeyidE, int bits) {
        try (IsakmpCipher cipher =
                new IsakmpCipher(symmetric, encryption, PseudorandomFunction.HMAC_SHA1, skeyidE, bits)) {
            assertEquals(expected, hex(cipher.key()));
        }
    }

    @Test
    void messagesArePaddedEncryptedAndComeBack() {
        Random random = new Random(5);
        try (Secret skeyidE = Secret.owning(new byte[32])) {
            for (EncryptionAlgorithm encryption :
                    List.of(EncryptionAlgorithm.AES_CBC, EncryptionAlgorithm.TRIPLE_DES_CBC)) {
                int bits = encryption.hasKeyLength() ? 256 : 0;
                try (IsakmpCipher cipher =
                        new IsakmpCipher(symmetric, encryption, PseudorandomFunction.HMAC_SHA2_256, skeyidE, bits)) {
                    int block = cipher.blockLength();
                    byte[] iv = new byte[block];
                    random.nextBytes(iv);
                    for (int length = 1; length <= 3 * block; length++) {
                        byte[] message = new byte[28 + length];
                        random.nextBytes(message);
                        byte[] wire = cipher.encrypt(message, iv);
                        assertEquals(28 + (length + block - 1) / block * block, wire.length);
                        assertArrayEquals(Arrays.copyOf(message, 24), Arrays.copyOf(wire, 24));
                        assertEquals(wire.length, java.nio.ByteBuffer.wrap(wire).getInt(24));
                        byte[] text = Objects.requireNonNull(cipher.decrypt(wire, iv));
                        assertArrayEquals(
                                Arrays.copyOf(Arrays.copyOfRange(message, 28, message.length), wire.length - 28), text);
                        assertArrayEquals(
                                Arrays.copyOfRange(wire, wire.length - block, wire.length),
                                IsakmpCipher.lastBlock(wire, block));
                        assertNull(cipher.decrypt(Arrays.copyOf(wire, wire.length - 1), iv));
                    }
                    assertNull(cipher.decrypt(new byte[28], iv));
                    assertNull(cipher.decrypt(new byte[3], iv));
                    assertThrows(IllegalArgumentException.class, () -> cipher.encrypt(new byte[28], iv));
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> IsakmpCipher.lastBlock(new byte[28 + block - 1], block));
                }
            }
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new IsakmpCipher(
                            symmetric, EncryptionAlgorithm.AES_GCM_16, PseudorandomFunction.HMAC_SHA1, skeyidE, 128));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new IsakmpCipher(
                            symmetric, EncryptionAlgorithm.AES_CBC, PseudorandomFunction.HMAC_SHA1, skeyidE, 0));
        }
    }

    @Test
    void hashesFollowThePrf() {
        assertEquals(
                "a9993e364706816aba3e25717850c26c9cd0d89d",
                HEX.formatHex(symmetric.hash(PseudorandomFunction.HMAC_SHA1, hex("61"), hex("6263"))));
        assertEquals(
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                HEX.formatHex(symmetric.hash(PseudorandomFunction.HMAC_SHA2_256, hex("616263"))));
        assertEquals(48, symmetric.hash(PseudorandomFunction.HMAC_SHA2_384).length);
        assertEquals(64, symmetric.hash(PseudorandomFunction.HMAC_SHA2_512).length);
        assertThrows(
                IllegalArgumentException.class, () -> symmetric.hash(PseudorandomFunction.AES128_XCBC, new byte[1]));
    }
}
