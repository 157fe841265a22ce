package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoOutcome.Failed;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import java.security.GeneralSecurityException;
import java.security.interfaces.RSAPublicKey;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The host's processor as a device: requests to outcomes, one at a time on the calling thread, deadlines not looked at. Holds
 * one thread's JCA objects; not thread-safe. {@link JcaCryptoPort} is this behind queues and threads.
 */
public final class HostCrypto {
    private final RandomSource random;
    private final SymmetricCrypto symmetric = new SymmetricCrypto();
    private final HostSignatures signatures = new HostSignatures();
    private final RsaEncryption encryption;
    private final PeerVerification peers;

    /** @param clock tells whether a certificate is valid */
    public HostCrypto(RandomSource random, Clock clock) {
        this(random, clock, KnownCertificates.kept());
    }

    /** @param known certificates may be those of other threads too */
    HostCrypto(RandomSource random, Clock clock, KnownCertificates known) {
        this.random = random;
        this.encryption = new RsaEncryption(random);
        this.peers = new PeerVerification(clock, signatures, known);
    }

    /** Does the work. Secrets and handles of the outcome pass to the caller. Nothing is thrown. */
    public CryptoOutcome perform(CryptoRequest request) {
        try {
            return switch (request) {
                case CryptoRequest.Generate r -> {
                    HostKeyExchange exchange = HostKeyExchange.generate(r.method(), random);
                    yield new CryptoOutcome.Generated(exchange, exchange.publicValue());
                }
                case CryptoRequest.Agree r -> agree(r.handle(), r.peerValue(), r.derivation());
                case CryptoRequest.GenerateAndAgree r -> {
                    try (HostKeyExchange exchange = HostKeyExchange.generate(r.method(), random)) {
                        yield agree(exchange, r.peerValue(), r.derivation()) instanceof CryptoOutcome.Agreed agreed
                                ? new CryptoOutcome.Agreed(agreed.derived(), exchange.publicValue())
                                : new Failed(Failed.Kind.BACKEND, "key exchange lost");
                    }
                }
                case CryptoRequest.Sign r -> sign(r);
                case CryptoRequest.Decrypt r -> decrypt(r);
                case CryptoRequest.EncryptToPeer r -> encrypt(r);
                case CryptoRequest.VerifyPeer r -> peers.verify(r);
            };
        } catch (RefusedPublicValue e) {
            return new Failed(Failed.Kind.PEER_DATA, String.valueOf(e.getMessage()));
        } catch (GeneralSecurityException | RuntimeException e) {
            return new Failed(Failed.Kind.BACKEND, "host: " + e);
        }
    }

    private CryptoOutcome agree(KeyExchangeHandle handle, byte[] peerValue, SecretDerivation derivation)
            throws RefusedPublicValue, GeneralSecurityException {
        if (!(handle instanceof HostKeyExchange exchange)) {
            return new Failed(Failed.Kind.UNSUPPORTED, "key exchange of another device");
        }
        try (Secret shared = exchange.agree(peerValue)) {
            return shared == null
                    ? new Failed(Failed.Kind.LOST, "key exchange was released")
                    : new CryptoOutcome.Agreed(symmetric.derive(derivation, shared), null);
        }
    }

    private CryptoOutcome decrypt(CryptoRequest.Decrypt request) throws GeneralSecurityException {
        if (!(request.key() instanceof HostDecryptionKey key)) {
            return new Failed(Failed.Kind.UNSUPPORTED, "decryption key of another device");
        }
        List<Secret> plaintexts = new ArrayList<>();
        try {
            for (byte[] ciphertext : request.ciphertexts()) {
                plaintexts.add(Secret.owning(encryption.decrypt(key.key(), ciphertext)));
            }
            return new CryptoOutcome.Decrypted(List.copyOf(plaintexts));
        } catch (GeneralSecurityException | RuntimeException e) {
            plaintexts.forEach(Secret::close);
            throw e;
        }
    }

    private CryptoOutcome encrypt(CryptoRequest.EncryptToPeer request) throws GeneralSecurityException {
        String objection = PeerKeys.objection(request.key());
        if (objection != null || !(request.key() instanceof RSAPublicKey rsa)) {
            return new Failed(Failed.Kind.PEER_DATA, objection == null ? "only RSA keys encrypt" : objection);
        }
        int longest = (rsa.getModulus().bitLength() + 7) / 8 - RsaEncryption.OVERHEAD;
        List<byte[]> ciphertexts = new ArrayList<>();
        for (Secret plaintext : request.plaintexts()) {
            if (plaintext.length() > longest) {
                return new Failed(Failed.Kind.PEER_DATA, "the peer's key encrypts " + longest + " octets at most");
            }
            byte[] octets = plaintext.lend(byte[]::clone);
            try {
                ciphertexts.add(RsaEncryption.encrypt(rsa, octets));
            } finally {
                Arrays.fill(octets, (byte) 0);
            }
        }
        return new CryptoOutcome.Encrypted(List.copyOf(ciphertexts));
    }

    private CryptoOutcome sign(CryptoRequest.Sign request) throws GeneralSecurityException {
        if (!(request.key() instanceof HostSigningKey key)) {
            return new Failed(Failed.Kind.UNSUPPORTED, "signing key of another device");
        }
        if (!key.schemes().contains(request.scheme())) {
            return new Failed(Failed.Kind.UNSUPPORTED, request.scheme() + " with " + key);
        }
        return new CryptoOutcome.Signed(signatures.sign(key.key(), request.scheme(), request.octets()));
    }
}
