package dev.cardinal.bench.jmh;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.util.ArrayList;
import java.util.List;

/** Proposals as peers make them. */
final class Offers {
    /** Of the key exchange methods for private use: nobody offers it. */
    static final Transform FOREIGN_METHOD = new Transform(Transform.KEY_EXCHANGE, 1024, 0);

    private static final int DES3 = 3;
    private static final int CAMELLIA_CBC = 23;
    private static final int CAMELLIA_CTR = 24;
    private static final int[] BRAINPOOL = {28, 29, 30};
    private static final int[] KEY_LENGTHS = {128, 192, 256};

    private Offers() {}

    /** AES-GCM-16-256, HMAC-SHA2-256 and one key exchange method. */
    static Proposal ike(KeyExchangeMethod method) {
        return ike(method.transform());
    }

    /** The same with any method. */
    static Proposal ike(Transform method) {
        return new Proposal(
                1,
                Proposal.IKE,
                new byte[0],
                List.of(
                        EncryptionAlgorithm.AES_GCM_16.transform(256),
                        PseudorandomFunction.HMAC_SHA2_256.transform(),
                        method));
    }

    /** AES-GCM-16-256, without extended sequence numbers. */
    static Proposal esp() {
        return new Proposal(
                1,
                Proposal.ESP,
                new byte[0],
                List.of(
                        EncryptionAlgorithm.AES_GCM_16.transform(256),
                        new Transform(Transform.SEQUENCE_NUMBERS, 0, 0)));
    }

    /**
     * As long as strongSwan's default with all its plugins: AEAD and other ciphers, Camellia and the Brainpool curves, which
     * are unknown here, among them.
     *
     * @param first the method whose public value the peer sends
     */
    static List<Proposal> strongSwanDefault(KeyExchangeMethod first) {
        List<Transform> aead = new ArrayList<>();
        for (EncryptionAlgorithm algorithm : List.of(
                EncryptionAlgorithm.AES_GCM_16,
                EncryptionAlgorithm.AES_CCM_16,
                EncryptionAlgorithm.AES_GCM_12,
                EncryptionAlgorithm.AES_GCM_8,
                EncryptionAlgorithm.AES_CCM_12,
                EncryptionAlgorithm.AES_CCM_8)) {
            addLengths(aead, algorithm.id());
        }
        aead.add(EncryptionAlgorithm.CHACHA20_POLY1305.transform(0));
        addCommon(aead, first);

        List<Transform> classic = new ArrayList<>();
        for (int id : new int[] {
            EncryptionAlgorithm.AES_CBC.id(), CAMELLIA_CBC, EncryptionAlgorithm.AES_CTR.id(), CAMELLIA_CTR
        }) {
            addLengths(classic, id);
        }
        classic.add(new Transform(Transform.ENCRYPTION, DES3, 0));
        for (IntegrityAlgorithm algorithm : IntegrityAlgorithm.values()) {
            classic.add(algorithm.transform());
        }
        addCommon(classic, first);
        return List.of(
                new Proposal(1, Proposal.IKE, new byte[0], aead), new Proposal(2, Proposal.IKE, new byte[0], classic));
    }

    private static void addLengths(List<Transform> transforms, int id) {
        for (int bits : KEY_LENGTHS) {
            transforms.add(new Transform(Transform.ENCRYPTION, id, bits));
        }
    }

    private static void addCommon(List<Transform> transforms, KeyExchangeMethod first) {
        for (PseudorandomFunction prf : PseudorandomFunction.values()) {
            transforms.add(prf.transform());
        }
        transforms.add(first.transform());
        for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
            if (method != first) {
                transforms.add(method.transform());
            }
        }
        for (int id : BRAINPOOL) {
            transforms.add(new Transform(Transform.KEY_EXCHANGE, id, 0));
        }
    }
}
