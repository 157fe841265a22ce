package dev.cardinal.ike.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.backend.JcaCryptoPort;
import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.Credentials.EncryptionKey;
import dev.cardinal.ike.sa.Ikev1Policy.RsaEncryptionCompatibility;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaSettings;
import dev.cardinal.ike.wire.Proposal;
import java.lang.reflect.RecordComponent;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.RSAPublicKey;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Public key encryption with real keys: octet by octet as a second reader has it, and deaf to what is wrong. */
class Ikev1EncryptionTest {
    private static final long SECOND = Policies.SECOND;
    private static final long MILLISECOND = SECOND / 1000;
    private static final int KE = 4;
    private static final int ID = 5;
    private static final int NONCE = 10;
    private static final int HEADER = 28;

    private static final KeyPair ALICE = RsaEnd.keyPair(2048);
    private static final KeyPair CAROL = RsaEnd.keyPair(2048);

    /** Long enough for a nonce that is too long. */
    private static final KeyPair BOB = RsaEnd.keyPair(3072);

    private static final byte[] OF_ALICE = "a certificate of alice".getBytes(StandardCharsets.UTF_8);
    private static final byte[] OF_BOB = "a certificate of bob, longer".getBytes(StandardCharsets.UTF_8);

    private static PeerPolicy policy(
            boolean alices,
            AuthPolicy.Method method,
            boolean aggressive,
            Proposal proposal,
            RsaEncryptionCompatibility compatibility) {
        return new Policies(alices ? "alice" : "bob", alices ? "bob" : "alice")
                .proposals(proposal)
                .authenticating(method, method)
                .skeyidAs(compatibility)
                .ikev1(aggressive)
                .build();
    }

    private static Proposal proposal(EncryptionAlgorithm cipher, int keyLength, boolean sha1) {
        return new Proposal(
                1,
                Proposal.IKE,
                new byte[0],
                List.of(
                        cipher.transform(keyLength),
                        (sha1 ? IntegrityAlgorithm.HMAC_SHA1_96 : IntegrityAlgorithm.HMAC_SHA2_256_128).transform(),
                        (sha1 ? PseudorandomFunction.HMAC_SHA1 : PseudorandomFunction.HMAC_SHA2_256).transform(),
                        KeyExchangeMethod.MODP_2048.transform()));
    }

    private static EncryptionKey key(KeyPair pair, byte @Nullable [] certificate) {
        return new EncryptionKey(pair.getPublic(), certificate);
    }

    /** Two ends with real keys and groups. */
    private static final class RealPair implements AutoCloseable {
        final List<byte[]> alicesRandoms = Collections.synchronizedList(new ArrayList<>());
        final List<byte[]> bobsRandoms = Collections.synchronizedList(new ArrayList<>());
        final Ikev1Pair pair;
        private final JcaCryptoPort alicesDevice;
        private final JcaCryptoPort bobsDevice;

        RealPair(PeerPolicy a, PeerPolicy b, boolean certified) {
            byte[] alices = certified ? OF_ALICE : null;
            byte[] bobs = certified ? OF_BOB : null;
            pair = new Ikev1Pair(
                    1,
                    false,
                    a,
                    b,
                    new RsaEnd(ALICE, alices, "bob", List.of(key(BOB, bobs))),
                    new RsaEnd(BOB, bobs, "alice", List.of(key(ALICE, alices), key(CAROL, null))));
            pair.network().become(new VirtualNetwork.Weather(0, 0, 0, 0, 5 * MILLISECOND, 0));
            alicesDevice = device(alicesRandoms);
            bobsDevice = device(bobsRandoms);
            pair.alice().token().computeWith(alicesDevice);
            pair.bob().token().computeWith(bobsDevice);
        }

        private JcaCryptoPort device(List<byte[]> drawn) {
            SecureRandom random = new SecureRandom();
            return new JcaCryptoPort(
                    1,
                    16,
                    octets -> {
                        random.nextBytes(octets);
                        drawn.add(octets.clone());
                    },
                    Clock.systemUTC(),
                    () -> pair.nowNanos());
        }

        /** The messages of phase 1 so far, without their repetitions. */
        List<byte[]> phase1() {
            return pair.sent().stream()
                    .map(Ikev1Pair.Sent::octets)
                    .filter(octets -> octets.length >= HEADER && (octets[18] == 2 || octets[18] == 4))
                    .toList();
        }

        @Override
        public void close() {
            pair.close();
            alicesDevice.close();
            bobsDevice.close();
        }
    }

    // ------------------------------------------------------------------------------------------------ transcripts

    @ParameterizedTest
    @CsvSource({
        "RSA_ENCRYPTION, false, AES_CBC, 128, false, RFC, true",
        "RSA_ENCRYPTION, true, AES_CBC, 256, true, RFC, false",
        "RSA_ENCRYPTION, false, TRIPLE_DES_CBC, 0, true, CISCO, false",
        "RSA_ENCRYPTION, true, AES_CBC, 128, false, CISCO, true",
        "RSA_ENCRYPTION, false, AES_CBC, 128, false, AUTO, true",
        "REVISED_RSA_ENCRYPTION, false, AES_CBC, 128, false, RFC, true",
        "REVISED_RSA_ENCRYPTION, true, AES_CBC, 128, false, RFC, true",
        "REVISED_RSA_ENCRYPTION, false, AES_CBC, 256, true, RFC, false",
        "REVISED_RSA_ENCRYPTION, true, TRIPLE_DES_CBC, 0, true, CISCO, false",
        "REVISED_RSA_ENCRYPTION, false, TRIPLE_DES_CBC, 0, true, CISCO, true"
    })
    void secondReaderAgrees(
            AuthPolicy.Method method,
            boolean aggressive,
            EncryptionAlgorithm cipher,
            int keyLength,
            boolean sha1,
            RsaEncryptionCompatibility compatibility,
            boolean certified)
            throws GeneralSecurityException {
        Proposal proposal = proposal(cipher, keyLength, sha1);
        PeerPolicy a = policy(true, method, aggressive, proposal, compatibility);
        PeerPolicy b = policy(false, method, aggressive, proposal, compatibility);
        try (RealPair real = new RealPair(a, b, certified)) {
            real.pair.start(null);
            real.pair.advance(SECOND);
            real.pair.requireEstablished(0);
            byte[] alices = certified ? OF_ALICE : null;
            byte[] bobs = certified ? OF_BOB : null;
            new SecondReader(
                            new SecondReader.End(ALICE.getPrivate(), real.alicesRandoms, "alice", alices),
                            new SecondReader.End(BOB.getPrivate(), real.bobsRandoms, "bob", bobs),
                            compatibility == RsaEncryptionCompatibility.CISCO)
                    .read(real.phase1());
        }
    }

    /** Cisco Unity's vendor ID from both sides makes both take Cisco's SKEYID, where they are free to. */
    @ParameterizedTest
    @CsvSource({"RSA_ENCRYPTION", "REVISED_RSA_ENCRYPTION"})
    void unityMeansCiscosSkeyid(AuthPolicy.Method method) throws GeneralSecurityException {
        byte[] unity = HexFormat.of().parseHex("12f5f28c457168a9702d9fe274cc0100");
        Proposal proposal = proposal(EncryptionAlgorithm.AES_CBC, 128, false);
        PeerPolicy a = policy(true, method, false, proposal, RsaEncryptionCompatibility.AUTO);
        PeerPolicy b = policy(false, method, false, proposal, RsaEncryptionCompatibility.AUTO);
        try (RealPair real = new RealPair(a, b, false)) {
            real.pair.interfere((from, octets) -> {
                if (octets[18] != 2 || octets[16] != 1) {
                    return octets;
                }
                List<SecondReader.Body> bodies = new ArrayList<>(SecondReader.bodies(octets, HEADER));
                bodies.add(new SecondReader.Body(13, unity));
                return message(octets, bodies);
            });
            real.pair.start(null);
            real.pair.advance(SECOND);
            real.pair.requireEstablished(0);
            new SecondReader(
                            new SecondReader.End(ALICE.getPrivate(), real.alicesRandoms, "alice", null),
                            new SecondReader.End(BOB.getPrivate(), real.bobsRandoms, "bob", null),
                            true)
                    .read(real.phase1());
        }
    }

    /** Who makes SKEYID another way does not get in. */
    @Test
    void anotherSkeyidEstablishesNothing() {
        Proposal proposal = proposal(EncryptionAlgorithm.AES_CBC, 128, false);
        AuthPolicy.Method method = AuthPolicy.Method.RSA_ENCRYPTION;
        PeerPolicy a = policy(true, method, false, proposal, RsaEncryptionCompatibility.RFC);
        PeerPolicy b = policy(false, method, false, proposal, RsaEncryptionCompatibility.CISCO);
        try (RealPair real = new RealPair(a, b, false)) {
            real.pair.start(null);
            real.pair.advance(SECOND);
            assertTrue(real.pair.established(real.pair.alice()).isEmpty());
            assertTrue(real.pair.bob().sas().isEmpty());
            assertEquals(
                    1,
                    real.pair.bob().notices(SaNotice.AuthenticationFailed.class).size());
        }
    }

    // ------------------------------------------------------------------------------------------------ hostile peers

    /** What everybody can see of an end. */
    private record Seen(List<String> messages, List<String> notices, long goneNanos) {}

    /** Runs a handshake in which a message's bodies are rewritten, and tells what the end that got it did. */
    private static Seen seen(
            AuthPolicy.Method method,
            boolean aggressive,
            boolean bobIsHostile,
            UnaryOperator<List<SecondReader.Body>> attack,
            byte[] cookie) {
        Proposal proposal = proposal(EncryptionAlgorithm.AES_CBC, 128, false);
        PeerPolicy a = policy(true, method, aggressive, proposal, RsaEncryptionCompatibility.RFC);
        PeerPolicy b = policy(false, method, aggressive, proposal, RsaEncryptionCompatibility.RFC);
        try (RealPair real = new RealPair(a, b, false)) {
            SimulatedHost hostile = bobIsHostile ? real.pair.bob() : real.pair.alice();
            SimulatedHost victim = bobIsHostile ? real.pair.alice() : real.pair.bob();
            // where the honest half of the hostile end might fall silent, a forged last message always comes
            boolean forges = bobIsHostile != aggressive;
            boolean[] forged = {false};
            real.pair.interfere((from, octets) -> {
                boolean encrypted = (octets[19] & 1) != 0;
                if (from != hostile) {
                    if (forges && !forged[0] && encrypted != aggressive) {
                        forged[0] = true;
                        real.pair.forge(hostile, lastMessage(octets));
                    }
                    return octets;
                }
                if (octets[18] == 5 || (forges && encrypted)) {
                    return new byte[0];
                }
                List<SecondReader.Body> bodies =
                        (octets[19] & 1) == 0 ? SecondReader.bodies(octets, HEADER) : List.of();
                if (bodies.stream().noneMatch(body -> body.type() == NONCE)) {
                    return octets;
                }
                System.arraycopy(octets, bobIsHostile ? 8 : 0, cookie, 0, 8);
                return message(octets, attack.apply(bodies));
            });
            long begun = real.pair.nowNanos();
            real.pair.start(null);
            while (!victim.sas().isEmpty() || real.pair.nowNanos() < begun + 100 * MILLISECOND) {
                real.pair.advance(MILLISECOND);
                assertTrue(real.pair.nowNanos() < begun + 60 * SECOND, "it never ends");
            }
            long gone = real.pair.nowNanos() - begun;
            assertTrue(victim.notices(SaNotice.IkeEstablished.class).isEmpty());
            List<String> messages = real.pair.sent().stream()
                    .filter(sent -> sent.from() == victim)
                    .map(sent -> "%d us: exchange %d, flags %d, %d octets"
                            .formatted(
                                    (sent.atNanos() - begun) / 1000,
                                    sent.octets()[18],
                                    sent.octets()[19],
                                    sent.octets().length))
                    .toList();
            return new Seen(
                    messages,
                    victim.notices().stream().map(Ikev1EncryptionTest::words).toList(),
                    gone);
        }
    }

    /** A last message to whoever sent this one, encrypted by who knows what. */
    private static byte[] lastMessage(byte[] before) {
        byte[] last = Arrays.copyOf(before, HEADER + 64);
        Arrays.fill(last, HEADER, last.length, (byte) 0x5a);
        last[16] = 8;
        last[19] = 1;
        ByteBuffer.wrap(last).putInt(24, last.length);
        return last;
    }

    private static String words(SaNotice notice) {
        StringBuilder words = new StringBuilder(notice.getClass().getSimpleName())
                .append(' ')
                .append(notice.subject().connection());
        try {
            for (RecordComponent component : notice.getClass().getRecordComponents()) {
                if (!component.getName().equals("subject")) {
                    component.getAccessor().setAccessible(true);
                    words.append(", ").append(component.getAccessor().invoke(notice));
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
        return words.toString();
    }

    private static byte[] message(byte[] original, List<SecondReader.Body> bodies) {
        byte[] all = Arrays.copyOf(original, HEADER);
        all[16] = (byte) bodies.getFirst().type();
        for (int i = 0; i < bodies.size(); i++) {
            byte[] octets = bodies.get(i).octets();
            int next = i + 1 < bodies.size() ? bodies.get(i + 1).type() : 0;
            byte[] header = {(byte) next, 0, (byte) (octets.length + 4 >> 8), (byte) (octets.length + 4)};
            all = SecondReader.join(all, header, octets);
        }
        ByteBuffer.wrap(all).putInt(24, all.length);
        return all;
    }

    private static UnaryOperator<List<SecondReader.Body>> with(Map<Integer, UnaryOperator<byte[]>> changes) {
        return bodies -> bodies.stream()
                .map(body -> new SecondReader.Body(
                        body.type(),
                        changes.getOrDefault(body.type(), UnaryOperator.identity())
                                .apply(body.octets())))
                .toList();
    }

    private static UnaryOperator<List<SecondReader.Body>> with(int type, byte[] octets) {
        return with(Map.of(type, old -> octets));
    }

    private static byte[] encrypt(PublicKey key, byte[] text) {
        try {
            Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
            cipher.init(Cipher.ENCRYPT_MODE, key);
            return cipher.doFinal(text);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** Of a block as it stands, whatever its padding. */
    private static byte[] raw(PublicKey key, byte[] block) {
        if (!(key instanceof RSAPublicKey rsa)) {
            throw new AssertionError("no RSA key");
        }
        byte[] octets = new BigInteger(1, block)
                .modPow(rsa.getPublicExponent(), rsa.getModulus())
                .toByteArray();
        int length = (rsa.getModulus().bitLength() + 7) / 8;
        byte[] padded = new byte[length];
        int kept = Math.min(length, octets.length);
        System.arraycopy(octets, octets.length - kept, padded, length - kept, kept);
        return padded;
    }

    private static byte[] identity(String name) {
        return SecondReader.join(new byte[] {2, 0, 0, 0}, name.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] text(int length) {
        byte[] text = new byte[length];
        Arrays.fill(text, (byte) 7);
        return text;
    }

    /** What is wrong with a nonce in either method. @param key whose private key the victim has */
    private static Map<String, UnaryOperator<List<SecondReader.Body>>> wrongNonces(PublicKey key) {
        int length = raw(key, new byte[] {1}).length;
        byte[] type1 = SecondReader.join(new byte[] {0, 1}, text(length - 35), new byte[1], text(32));
        byte[] shortPadding = SecondReader.join(new byte[] {0, 2}, text(7), new byte[1], text(length - 10));
        byte[] endless = SecondReader.join(new byte[] {0, 2}, text(length - 2));
        byte[] tooGreat = new byte[length];
        Arrays.fill(tooGreat, (byte) 0xff);
        Map<String, UnaryOperator<List<SecondReader.Body>>> all = new LinkedHashMap<>();
        all.put("a nonce that is another's", with(NONCE, encrypt(key, text(32))));
        all.put("a block of type 1", with(NONCE, raw(key, type1)));
        all.put("padding too short", with(NONCE, raw(key, shortPadding)));
        all.put("padding without an end", with(NONCE, raw(key, endless)));
        all.put("a first octet", with(NONCE, raw(key, SecondReader.join(new byte[] {1, 2}, text(length - 2)))));
        all.put("a nonce of none", with(NONCE, encrypt(key, new byte[0])));
        all.put("a nonce of 7", with(NONCE, encrypt(key, text(7))));
        if (length > 300) {
            all.put("a nonce of 257", with(NONCE, encrypt(key, text(257))));
        }
        all.put("a ciphertext beyond the modulus", with(NONCE, tooGreat));
        all.put("a ciphertext of zeros", with(NONCE, new byte[length]));
        return all;
    }

    private static void requireAlike(
            AuthPolicy.Method method,
            boolean aggressive,
            boolean bobIsHostile,
            Map<String, UnaryOperator<List<SecondReader.Body>>> attacks,
            byte[] cookie) {
        Seen first = null;
        for (Map.Entry<String, UnaryOperator<List<SecondReader.Body>>> attack : attacks.entrySet()) {
            Seen seen = seen(method, aggressive, bobIsHostile, attack.getValue(), cookie);
            if (first == null) {
                first = seen;
                // all messages were answered as if nothing were wrong, and only then came the end, which was told
                int answers = aggressive ? 1 : bobIsHostile ? 3 : 2;
                // an initiator deletes what the responder believes in already
                int last = bobIsHostile ? 2 : 1;
                assertEquals(answers + last, seen.messages().size(), seen::toString);
                assertEquals(
                        1,
                        seen.notices().stream()
                                .filter(n -> n.startsWith("AuthenticationFailed"))
                                .count(),
                        seen::toString);
            }
            assertEquals(first, seen, attack.getKey());
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true", "true, true"})
    void whatIsWrongWithRsaEncryptionLooksAlike(boolean aggressive, boolean bobIsHostile) {
        PublicKey key = (bobIsHostile ? ALICE : BOB).getPublic();
        int length = raw(key, new byte[] {1}).length;
        Map<String, UnaryOperator<List<SecondReader.Body>>> attacks = wrongNonces(key);
        attacks.put("somebody unknown", with(ID, encrypt(key, identity("mallory"))));
        attacks.put(
                "somebody unknown with another's nonce",
                with(Map.of(ID, old -> encrypt(key, identity("dave")), NONCE, old -> encrypt(key, text(32)))));
        attacks.put("a control character", with(ID, encrypt(key, identity("alice\u0007"))));
        attacks.put("an identity of three octets", with(ID, encrypt(key, text(3))));
        attacks.put("an address of five octets", with(ID, encrypt(key, new byte[] {1, 0, 0, 0, 1, 2, 3, 4, 5})));
        attacks.put("no identity", with(ID, encrypt(key, new byte[0])));
        attacks.put("no block for an identity", with(ID, raw(key, text(length - 1))));
        attacks.put("a short ciphertext", with(ID, text(16)));
        attacks.put("a public value of zero", with(KE, new byte[256]));
        attacks.put(
                "a public value of one",
                with(KE, ByteBuffer.allocate(256).put(255, (byte) 1).array()));
        attacks.put("a public value that is short", with(KE, text(255)));
        requireAlike(AuthPolicy.Method.RSA_ENCRYPTION, aggressive, bobIsHostile, attacks, new byte[8]);
    }

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true", "true, true"})
    void whatIsWrongWithRevisedRsaEncryptionLooksAlike(boolean aggressive, boolean bobIsHostile) {
        PublicKey key = (bobIsHostile ? ALICE : BOB).getPublic();
        byte[] cookie = new byte[8];
        byte[] value = ByteBuffer.allocate(256).put(255, (byte) 4).array();
        byte[] name = identity(bobIsHostile ? "bob" : "alice");
        Map<String, UnaryOperator<List<SecondReader.Body>>> attacks = wrongNonces(key);
        attacks.put("a stranger with a name", revised(key, cookie, padded(value), padded(name)));
        attacks.put("somebody unknown", revised(key, cookie, padded(value), padded(identity("mallory"))));
        attacks.put("no identity", revised(key, cookie, padded(value), padded(new byte[0])));
        attacks.put("a public value of zero", revised(key, cookie, padded(new byte[256]), padded(name)));
        attacks.put("a public value that is short", revised(key, cookie, padded(text(255)), padded(name)));
        attacks.put("no padding", revised(key, cookie, text(272), padded(name)));
        byte[] nonzero = padded(name);
        nonzero[name.length] = 1;
        attacks.put("padding that is not zero", revised(key, cookie, padded(value), nonzero));
        byte[] long1 = padded(name);
        long1[long1.length - 1] = 16;
        attacks.put("padding beyond the block", revised(key, cookie, padded(value), long1));
        attacks.put("no whole blocks", with(ID, text(17)));
        attacks.put("nothing", with(KE, new byte[0]));
        attacks.put("a bit turned over", with(Map.of(KE, old -> {
            byte[] turned = old.clone();
            turned[turned.length - 1] ^= 1;
            return turned;
        })));
        requireAlike(AuthPolicy.Method.REVISED_RSA_ENCRYPTION, aggressive, bobIsHostile, attacks, cookie);
    }

    private static byte[] padded(byte[] body) {
        byte[] text = Arrays.copyOf(body, (body.length / 16 + 1) * 16);
        text[text.length - 1] = (byte) (text.length - body.length - 1);
        return text;
    }

    /** All of it made by a stranger, who chose the nonce: texts of whole blocks, encrypted as they should be. */
    private static UnaryOperator<List<SecondReader.Body>> revised(PublicKey key, byte[] cookie, byte[] ke, byte[] id) {
        byte[] nonce = text(32);
        return bodies -> {
            try {
                Mac mac = Mac.getInstance("HmacSHA256");
                mac.init(new SecretKeySpec(nonce, "HmacSHA256"));
                Cipher chain = Cipher.getInstance("AES/CBC/NoPadding");
                chain.init(
                        Cipher.ENCRYPT_MODE,
                        new SecretKeySpec(Arrays.copyOf(mac.doFinal(cookie), 16), "AES"),
                        new IvParameterSpec(new byte[16]));
                byte[] first = chain.update(ke);
                byte[] second = chain.update(id);
                return with(Map.<Integer, UnaryOperator<byte[]>>of(
                                NONCE, old -> encrypt(key, nonce), KE, old -> first, ID, old -> second))
                        .apply(bodies);
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        };
    }

    /** Whenever a device answers, the answer leaves at a multiple of the grid. */
    @ParameterizedTest
    @CsvSource({"0, 1", "1, 1", "9, 1", "10, 2", "25, 3"})
    void answersLeaveOnTheGrid(long devicesMilliseconds, int multiple) {
        PeerPolicy a = policy(
                true,
                AuthPolicy.Method.RSA_ENCRYPTION,
                false,
                Policies.ikeCbc(KeyExchangeMethod.CURVE_25519),
                RsaEncryptionCompatibility.RFC);
        PeerPolicy b = policy(
                false,
                AuthPolicy.Method.RSA_ENCRYPTION,
                false,
                Policies.ikeCbc(KeyExchangeMethod.CURVE_25519),
                RsaEncryptionCompatibility.RFC);
        try (Ikev1Pair pair = new Ikev1Pair(1, false, a, b)) {
            pair.network().become(new VirtualNetwork.Weather(0, 0, 0, 0, 5 * MILLISECOND, 0));
            pair.bob()
                    .token()
                    .behave(request -> new SimulatedToken.Fate.Done(
                            request instanceof dev.cardinal.ike.crypto.CryptoRequest.Decrypt
                                    ? devicesMilliseconds * MILLISECOND
                                    : 0));
            pair.start(null);
            pair.advance(SECOND);
            pair.requireEstablished(0);
            List<Ikev1Pair.Sent> sent = pair.sent();
            long arrived = sent.get(2).atNanos() + 5 * MILLISECOND;
            assertEquals(
                    multiple * SaSettings.DECRYPTION_GRID_NANOS, sent.get(3).atNanos() - arrived);
        }
    }
}
