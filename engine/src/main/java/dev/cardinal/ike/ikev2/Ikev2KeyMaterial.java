package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.MessageProtection;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.sa.IkeKeyObserver;
import dev.cardinal.ike.sa.IkeSuite;
import dev.cardinal.ike.sa.SaEnvironment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The keys of an IKE SA (RFC 7296 section 2.14). Owns them. Those of the AUTH payloads go once both sides are
 * authenticated.
 */
public final class Ikev2KeyMaterial implements AutoCloseable {
    private final Secret skD;
    private final MessageProtection outbound;
    private final MessageProtection inbound;
    private @Nullable AuthKeys authKeys;

    /**
     * What proves the identities.
     *
     * @param skPi goes into the initiator's AUTH payload
     * @param skPr goes into the responder's AUTH payload
     */
    private record AuthKeys(Secret skPi, Secret skPr) implements AutoCloseable {
        @Override
        public void close() {
            skPi.close();
            skPr.close();
        }
    }

    private Ikev2KeyMaterial(Secret skD, AuthKeys authKeys, MessageProtection outbound, MessageProtection inbound) {
        this.skD = skD;
        this.authKeys = authKeys;
        this.outbound = outbound;
        this.inbound = inbound;
    }

    /**
     * {@code {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr)}.
     *
     * @param skeyseed stays the caller's to close
     * @param initiator whether we are the SA's initiator
     */
    public static Ikev2KeyMaterial derive(
            SaEnvironment environment,
            IkeSuite suite,
            Secret skeyseed,
            byte[] ni,
            byte[] nr,
            long initiatorSpi,
            long responderSpi,
            boolean initiator) {
        int prf = suite.prf().length();
        int encryption = suite.encryption().keyMaterialLength(suite.keyLength());
        int integrity = suite.integrity() == null ? 0 : suite.integrity().keyLength();
        byte[] seed = ByteBuffer.allocate(ni.length + nr.length + 16)
                .put(ni)
                .put(nr)
                .putLong(initiatorSpi)
                .putLong(responderSpi)
                .array();
        try (Secret all = environment
                .symmetric()
                .prfPlus(suite.prf(), skeyseed, seed, 3 * prf + 2 * integrity + 2 * encryption)) {
            Secret skAi = integrity == 0 ? null : all.slice(prf, integrity);
            Secret skAr = integrity == 0 ? null : all.slice(prf + integrity, integrity);
            int at = prf + 2 * integrity;
            Secret skEi = all.slice(at, encryption);
            Secret skEr = all.slice(at + encryption, encryption);
            at += 2 * encryption;
            IkeKeyObserver observer = environment.keyObserver();
            if (observer != null) {
                observer.derived(initiatorSpi, responderSpi, suite, skEi, skEr, skAi, skAr);
            }
            MessageProtection fromInitiator = protection(environment, suite, skEi, skAi);
            MessageProtection fromResponder = protection(environment, suite, skEr, skAr);
            return new Ikev2KeyMaterial(
                    all.slice(0, prf),
                    new AuthKeys(all.slice(at, prf), all.slice(at + prf, prf)),
                    initiator ? fromInitiator : fromResponder,
                    initiator ? fromResponder : fromInitiator);
        }
    }

    private static MessageProtection protection(
            SaEnvironment environment, IkeSuite suite, Secret encryptionKey, @Nullable Secret integrityKey) {
        return new MessageProtection(
                environment.symmetric(),
                environment.random(),
                suite.encryption(),
                encryptionKey,
                suite.integrity(),
                integrityKey);
    }

    /** For deriving further keys. */
    public Secret skD() {
        return skD;
    }

    /** Goes into a side's AUTH payload. @param initiators whether the original initiator's */
    Secret authKey(boolean initiators) {
        AuthKeys both = Ikev2Sa.required(authKeys);
        return initiators ? both.skPi : both.skPr;
    }

    /** Protects what we send. */
    MessageProtection outbound() {
        return outbound;
    }

    /** Protects what the peer sends. */
    MessageProtection inbound() {
        return inbound;
    }

    /** Wipes what only the AUTH payloads needed. */
    void authenticated() {
        if (authKeys != null) {
            authKeys.close();
            authKeys = null;
        }
    }

    @Override
    public void close() {
        skD.close();
        authenticated();
        outbound.close();
        inbound.close();
    }
}
