package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;

/** Requests that own their secrets: a port reads the SA's secrets while a request is handed over, never later. */
final class DerivationCopies {
    private DerivationCopies() {}

    /** The same request with copies of its secrets, to be given to {@link #wipe} when it is done. */
    static CryptoRequest owning(CryptoRequest request) {
        return switch (request) {
            case CryptoRequest.Agree r ->
                new CryptoRequest.Agree(
                        r.handle(), r.peerValue(), copy(r.derivation()), r.urgency(), r.deadlineNanos());
            case CryptoRequest.GenerateAndAgree r ->
                new CryptoRequest.GenerateAndAgree(
                        r.method(), r.placement(), r.peerValue(), copy(r.derivation()), r.urgency(), r.deadlineNanos());
            case CryptoRequest.Generate r -> r;
            case CryptoRequest.Sign r -> r;
            case CryptoRequest.Decrypt r -> r;
            case CryptoRequest.EncryptToPeer r ->
                new CryptoRequest.EncryptToPeer(
                        r.key(), r.plaintexts().stream().map(Secret::copy).toList(), r.urgency(), r.deadlineNanos());
            case CryptoRequest.VerifyPeer r -> r;
        };
    }

    static void wipe(CryptoRequest owned) {
        switch (owned) {
            case CryptoRequest.Agree r -> wipe(r.derivation());
            case CryptoRequest.GenerateAndAgree r -> wipe(r.derivation());
            case CryptoRequest.Generate r -> {}
            case CryptoRequest.Sign r -> {}
            case CryptoRequest.Decrypt r -> {}
            case CryptoRequest.EncryptToPeer r -> r.plaintexts().forEach(Secret::close);
            case CryptoRequest.VerifyPeer r -> {}
        }
    }

    static SecretDerivation copy(SecretDerivation derivation) {
        return switch (derivation) {
            case SecretDerivation.Skeyseed d -> d;
            case SecretDerivation.RekeyedSkeyseed d -> {
                Secret skD = d.skD().copy();
                yield new SecretDerivation.RekeyedSkeyseed(d.prf(), skD, d.ni(), d.nr());
            }
            case SecretDerivation.ChildKeyMaterial d -> {
                Secret skD = d.skD().copy();
                yield new SecretDerivation.ChildKeyMaterial(d.prf(), skD, d.ni(), d.nr(), d.length());
            }
            case SecretDerivation.Ikev1Keys d -> {
                Secret skeyid = d.skeyid() == null ? null : d.skeyid().copy();
                yield new SecretDerivation.Ikev1Keys(
                        d.prf(), skeyid, d.ni(), d.nr(), d.initiatorCookie(), d.responderCookie());
            }
            case SecretDerivation.QuickModeKeys d -> {
                Secret skeyidD = d.skeyidD().copy();
                yield new SecretDerivation.QuickModeKeys(
                        d.prf(), skeyidD, d.protocol(), d.firstSpi(), d.secondSpi(), d.ni(), d.nr(), d.length());
            }
        };
    }

    static void wipe(SecretDerivation owned) {
        switch (owned) {
            case SecretDerivation.Skeyseed d -> {}
            case SecretDerivation.RekeyedSkeyseed d -> d.skD().close();
            case SecretDerivation.ChildKeyMaterial d -> d.skD().close();
            case SecretDerivation.Ikev1Keys d -> {
                if (d.skeyid() != null) {
                    d.skeyid().close();
                }
            }
            case SecretDerivation.QuickModeKeys d -> d.skeyidD().close();
        }
    }
}
