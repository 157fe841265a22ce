package dev.cardinal.bench.jmh;

import dev.cardinal.ike.backend.HostCrypto;
import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.crypto.IntegrityFailure;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.MessageProtection;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.sa.IkeKeyObserver;
import dev.cardinal.ike.sa.IkeSuite;
import dev.cardinal.ike.wire.IkeMessage;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.Payload;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one handshake as the engine builds them: RSA-2048 certificates, X25519, one Child SA, a client with a long
 * list of proposals, nothing fragmented.
 *
 * @param authRequest the chain of payloads inside IKE_AUTH's request
 * @param authResponse the same of the response
 */
record CapturedMessages(byte[] initRequest, byte[] initResponse, Chain authRequest, Chain authResponse) {

    /** What an Encrypted payload holds. */
    record Chain(int firstType, byte[] octets) {}

    static CapturedMessages capture()
            throws GeneralSecurityException, InterruptedException, MalformedMessage, IntegrityFailure {
        Authentication authentication = Authentication.RSA2048_X25519;
        Peers peers = Peers.of(
                authentication,
                true,
                1,
                Offers.strongSwanDefault(authentication.method()),
                Peers.UNFRAGMENTED,
                null,
                KeyExchangePlacement.HOST);
        SameThreadPort port = new SameThreadPort(new HostCrypto(new SystemRandom(), Clock.systemUTC()));
        List<byte[]> datagrams = new ArrayList<>();
        try (Keys keys = new Keys()) {
            new Handshakes(peers, Ends.initiators(peers, port), Ends.responders(peers, port, keys), 1, datagrams::add)
                    .run(1, new AllocationMeter());
            return new CapturedMessages(
                    datagrams.get(0),
                    datagrams.get(1),
                    keys.open(datagrams.get(2), true),
                    keys.open(datagrams.get(3), false));
        }
    }

    /** Keeps what protects each direction. */
    private static final class Keys implements IkeKeyObserver, AutoCloseable {
        private @Nullable MessageProtection fromInitiator;
        private @Nullable MessageProtection fromResponder;

        @Override
        public void derived(
                long initiatorSpi,
                long responderSpi,
                IkeSuite suite,
                Secret skEi,
                Secret skEr,
                @Nullable Secret skAi,
                @Nullable Secret skAr) {
            fromInitiator = protection(suite, skEi, skAi);
            fromResponder = protection(suite, skEr, skAr);
        }

        @Override
        public void derivedIkev1(long initiatorCookie, Secret key) {
            throw new IllegalStateException("these handshakes are IKEv2's");
        }

        private static MessageProtection protection(IkeSuite suite, Secret encryption, @Nullable Secret integrity) {
            return new MessageProtection(
                    new SymmetricCrypto(),
                    new SystemRandom(),
                    suite.encryption(),
                    encryption.copy(),
                    suite.integrity(),
                    integrity == null ? null : integrity.copy());
        }

        Chain open(byte[] datagram, boolean initiators) throws MalformedMessage, IntegrityFailure {
            MessageProtection protection = initiators ? fromInitiator : fromResponder;
            IkeMessage outer = MessageCodec.decode(datagram);
            if (protection == null || !(outer.payloads().getLast() instanceof Payload.Encrypted encrypted)) {
                throw new IllegalStateException("no handshake was captured");
            }
            return new Chain(encrypted.firstInner(), protection.unprotect(datagram, outer));
        }

        @Override
        public void close() {
            for (MessageProtection each : new MessageProtection[] {fromInitiator, fromResponder}) {
                if (each != null) {
                    each.close();
                }
            }
        }
    }
}
