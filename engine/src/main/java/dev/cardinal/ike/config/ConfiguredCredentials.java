package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.DecryptionKey;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SigningKey;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.wire.Identification;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x500.X500Name;
import org.jspecify.annotations.Nullable;

/** Credentials as configured. Made once, when tokens are open; chains, trust and hashes are computed then. */
public final class ConfiguredCredentials implements Credentials {
    /** Certificates of a chain: more is a loop. */
    private static final int CHAIN_LIMIT = 16;

    private static final int EXACT = 20;
    private static final int WILDCARD = 15;
    private static final int ANY = 1;

    private final List<SharedKey> sharedKeys;
    private final List<UserPassword> passwords;
    /** The connections of IKEv1 whose peers have a shared secret and addresses. */
    private final ConfiguredPolicies sharing;

    private final Map<String, Prepared> byConnection = new HashMap<>();

    /** Of this process: who has it not cannot tell a decoy from the key of a peer that is known. */
    private final SecretKeySpec decoyKey;

    /** A certificate of ours, and the hashes of the keys of all that vouch for it. */
    private record Candidate(LocalCertificate certificate, List<byte[]> issuerHashes) {}

    private record Prepared(
            List<Candidate> certificates,
            TrustPolicy trust,
            List<byte[]> authorityHashes,
            List<EncryptionKeys.Key> encryption,
            @Nullable DecryptionKey decryption,
            byte @Nullable [] decryptionCertificate) {}

    private ConfiguredCredentials(Configuration configuration) {
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        decoyKey = new SecretKeySpec(key, "HmacSHA256");
        sharedKeys = configuration.sharedKeys();
        passwords = configuration.passwords();
        sharing = new ConfiguredPolicies(configuration.connections().stream()
                .map(ConnectionConfig::policy)
                .filter(p -> p.ikev1() != null
                        && p.remoteAuth().method() == AuthPolicy.Method.PSK
                        && !p.remote().isEmpty())
                .toList());
    }

    /**
     * Matches certificates and private keys by their public keys.
     *
     * @param configuration stays the caller's, and open as long as this is used
     * @param errors receives what does not match
     */
    public static ConfiguredCredentials of(Configuration configuration, PrivateKeys keys, ConfigErrors errors) {
        ConfiguredCredentials credentials = new ConfiguredCredentials(configuration);
        Builder builder = new Builder(configuration, keys, errors);
        for (ConnectionConfig connection : configuration.connections()) {
            credentials.byConnection.put(connection.policy().name(), builder.prepare(connection));
        }
        return credentials;
    }

    @Override
    public @Nullable Secret presharedKey(@Nullable Identification local, @Nullable Identification remote) {
        return copy(best(local, remote));
    }

    @Override
    public @Nullable Secret presharedKey(InetAddress local, InetAddress remote) {
        Identification remoteId = Identification.of(remote);
        SharedKey byAddress = best(Identification.of(local), remoteId);
        if (byAddress != null && byAddress.ids().stream().anyMatch(id -> remoteId.equals(id.exact()))) {
            return copy(byAddress);
        }
        List<PeerPolicy> fitting =
                sharing.candidates(new Path(new InetSocketAddress(local, 0), new InetSocketAddress(remote, 0), false));
        if (fitting.size() == 1) {
            IdentityPattern named = fitting.getFirst().remoteAuth().id();
            SharedKey ofConnection = named.isAny()
                    ? null
                    : best(fitting.getFirst().localAuth().id().exact(), named.exact());
            if (ofConnection != null) {
                return copy(ofConnection);
            }
        }
        return copy(byAddress);
    }

    @Override
    public @Nullable Secret xauthPassword(String user) {
        UserPassword best = null;
        int bestScore = 0;
        for (UserPassword password : passwords) {
            int score = password.score(user);
            if (score > bestScore) {
                best = password;
                bestScore = score;
            }
        }
        return best == null ? null : best.secret().copy();
    }

    private static @Nullable Secret copy(@Nullable SharedKey key) {
        return key == null ? null : key.secret().copy();
    }

    private @Nullable SharedKey best(@Nullable Identification local, @Nullable Identification remote) {
        SharedKey best = null;
        int bestScore = 0;
        for (SharedKey key : sharedKeys) {
            int score = score(key, local, remote);
            if (score > bestScore) {
                best = key;
                bestScore = score;
            }
        }
        return best;
    }

    /**
     * How well a key fits. A key that names others next to our own identity is theirs: it must not let a third one in.
     *
     * @return 0 for not at all
     */
    private static int score(SharedKey key, @Nullable Identification local, @Nullable Identification remote) {
        if (key.ids().isEmpty()) {
            return 2 * ANY * 4;
        }
        int localMatch = 0;
        int remoteMatch = 0;
        boolean allLocal = true;
        boolean allKnown = true;
        for (IdentityPattern id : key.ids()) {
            int asLocal = match(id, local);
            int asRemote = match(id, remote);
            allLocal &= asLocal > 0;
            allKnown &= asLocal > 0 || asRemote > 0;
            localMatch = Math.max(localMatch, asLocal);
            remoteMatch = Math.max(remoteMatch, asRemote);
        }
        if (remoteMatch == 0 && !allLocal) {
            return 0;
        }
        return (localMatch + remoteMatch) * 4 + (remoteMatch > 0 ? 2 : 0) + (allKnown ? 1 : 0);
    }

    private static int match(IdentityPattern pattern, @Nullable Identification id) {
        if (pattern.isAny() || id == null) {
            return ANY;
        }
        if (!pattern.matches(id)) {
            return 0;
        }
        return id.equals(pattern.exact()) ? EXACT : WILDCARD;
    }

    @Override
    public @Nullable LocalCertificate certificate(PeerPolicy policy, List<byte[]> authorities) {
        Prepared prepared = byConnection.get(policy.name());
        if (prepared == null || prepared.certificates().isEmpty()) {
            return null;
        }
        for (Candidate candidate : prepared.certificates()) {
            for (byte[] hash : candidate.issuerHashes()) {
                if (authorities.stream().anyMatch(a -> Arrays.equals(a, hash))) {
                    return candidate.certificate();
                }
            }
        }
        return prepared.certificates().getFirst().certificate();
    }

    @Override
    public TrustPolicy trust(PeerPolicy policy) {
        Prepared prepared = byConnection.get(policy.name());
        return prepared == null
                ? new TrustPolicy(List.of(), List.of(), List.of(), List.of(), TrustPolicy.Revocation.STRICT)
                : prepared.trust();
    }

    @Override
    public List<byte[]> authorityHashes(PeerPolicy policy) {
        Prepared prepared = byConnection.get(policy.name());
        return prepared == null ? List.of() : prepared.authorityHashes();
    }

    @Override
    public @Nullable EncryptionKey encryptionKey(PeerPolicy policy, @Nullable Identification peer) {
        Prepared prepared = byConnection.get(policy.name());
        if (prepared == null || prepared.encryption().isEmpty()) {
            return null;
        }
        if (peer == null) {
            return encoded(prepared.encryption().getFirst());
        }
        EncryptionKeys.Key raw = null;
        for (EncryptionKeys.Key key : prepared.encryption()) {
            X509Certificate certificate = key.certificate();
            if (certificate == null) {
                raw = raw == null ? key : raw;
            } else if (Builder.bears(certificate, IdentityPattern.of(peer))) {
                return encoded(key);
            }
        }
        return raw == null ? null : encoded(raw);
    }

    private static EncryptionKey encoded(EncryptionKeys.Key key) {
        return new EncryptionKey(key.key(), der(key.certificate()));
    }

    private static byte @Nullable [] der(@Nullable X509Certificate certificate) {
        try {
            return certificate == null ? null : certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was read cannot be written", e);
        }
    }

    @Override
    public @Nullable Decoy decoy(List<PeerPolicy> connections, byte[] ciphertext) {
        List<Decoy> all = new ArrayList<>();
        for (PeerPolicy connection : connections) {
            Prepared prepared = byConnection.get(connection.name());
            if (prepared != null) {
                prepared.encryption().forEach(key -> all.add(new Decoy(connection, key.key())));
            }
        }
        return all.isEmpty() ? null : all.get((int) Long.remainderUnsigned(decoyNumber(ciphertext), all.size()));
    }

    private long decoyNumber(byte[] ciphertext) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(decoyKey);
            return ByteBuffer.wrap(mac.doFinal(ciphertext)).getLong();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java knows no HMAC-SHA-256", e);
        }
    }

    @Override
    public @Nullable DecryptionKey decryptionKey(PeerPolicy policy) {
        Prepared prepared = byConnection.get(policy.name());
        return prepared == null ? null : prepared.decryption();
    }

    @Override
    public byte @Nullable [] decryptionCertificate(PeerPolicy policy) {
        Prepared prepared = byConnection.get(policy.name());
        return prepared == null ? null : prepared.decryptionCertificate();
    }

    /** Prepares connections; shares what they share. */
    private static final class Builder {
        private final Configuration configuration;
        private final PrivateKeys keys;
        private final ConfigErrors errors;
        private final Map<X509Certificate, Candidate> candidates = new IdentityHashMap<>();
        private final Set<X509Certificate> withoutKey = new HashSet<>();

        Builder(Configuration configuration, PrivateKeys keys, ConfigErrors errors) {
            this.configuration = configuration;
            this.keys = keys;
            this.errors = errors;
        }

        Prepared prepare(ConnectionConfig connection) {
            List<X509Certificate> anchors =
                    connection.authorities().isEmpty() ? configuration.authorities() : connection.authorities();
            List<X509Certificate> intermediates = configuration.certificates().stream()
                    .filter(c -> c.getBasicConstraints() >= 0)
                    .toList();
            TrustPolicy trust = new TrustPolicy(
                    anchors, intermediates, connection.peers(), configuration.lists(), connection.revocation());
            List<byte[]> hashes = anchors.stream().map(Builder::keyHash).toList();
            List<Candidate> certificates = connection.policy().localAuth().method() == AuthPolicy.Method.PUBKEY
                    ? certificates(connection)
                    : List.of();
            EncryptionKeys encryption = connection.encryptionKeys();
            EncryptionKeys.Key own = encryption.own();
            return new Prepared(
                    certificates,
                    trust,
                    hashes,
                    encryption.peers(),
                    decryption(own, connection.place()),
                    own == null ? null : der(own.certificate()));
        }

        private @Nullable DecryptionKey decryption(EncryptionKeys.@Nullable Key own, ConfigError place) {
            if (own == null) {
                return null;
            }
            String why = "no private key to decrypt with, on a token or in a file";
            try {
                DecryptionKey key = keys.findDecryption(own.key());
                if (key != null) {
                    return key;
                }
            } catch (PrivateKeys.KeyTrouble e) {
                why = e.what();
            }
            errors.add(place.file(), place.line(), place.key(), why);
            return null;
        }

        /** Whether a connection decrypts with its key, which then never signs. */
        private boolean decrypts(X509Certificate certificate) {
            return configuration.connections().stream()
                    .map(c -> c.encryptionKeys().own())
                    .anyMatch(k -> k != null && k.isKeyOf(certificate.getPublicKey()));
        }

        private List<Candidate> certificates(ConnectionConfig connection) {
            ConfigError place = connection.place();
            List<Candidate> found = new ArrayList<>();
            for (CertificateSource source : connection.localCertificates()) {
                X509Certificate certificate = resolve(source);
                if (certificate != null && decrypts(certificate)) {
                    // what comes out of a decryption must never be a signature: certificates on tokens are seen here
                    // first
                    errors.add(
                            place.file(),
                            place.line(),
                            place.key(),
                            "its key decrypts for a connection: one key for each");
                    continue;
                }
                Candidate candidate = certificate == null ? null : candidate(certificate, place);
                if (candidate != null) {
                    found.add(candidate);
                } else if (certificate != null) {
                    errors.add(
                            place.file(),
                            place.line(),
                            place.key(),
                            "no private key for the certificate of "
                                    + certificate.getSubjectX500Principal().getName() + ", on a token or in a file");
                }
            }
            if (connection.localCertificates().isEmpty()) {
                IdentityPattern id = connection.policy().localAuth().id();
                for (X509Certificate certificate : configuration.certificates()) {
                    Candidate candidate =
                            bears(certificate, id) && !decrypts(certificate) ? candidate(certificate, place) : null;
                    if (candidate != null) {
                        found.add(candidate);
                    }
                }
                if (found.isEmpty()) {
                    errors.add(
                            place.file(),
                            place.line(),
                            place.key(),
                            "no certificate in x509 with a private key "
                                    + (id.isAny() ? "" : "for " + IdentityText.format(id.exact())));
                }
            }
            return List.copyOf(found);
        }

        private @Nullable X509Certificate resolve(CertificateSource source) {
            return switch (source) {
                case CertificateSource.InFile file -> file.certificate();
                case CertificateSource.OnToken token -> {
                    ConfigError place = token.place();
                    X509Certificate certificate = null;
                    String why = "no certificate with this CKA_ID on the token";
                    try {
                        certificate = keys.certificate(token.handle(), token.token());
                    } catch (PrivateKeys.KeyTrouble e) {
                        why = e.what();
                    }
                    if (certificate == null) {
                        errors.add(place.file(), place.line(), place.key() + ".handle", why);
                    }
                    yield certificate;
                }
            };
        }

        private @Nullable Candidate candidate(X509Certificate certificate, ConfigError place) {
            Candidate known = candidates.get(certificate);
            if (known != null || withoutKey.contains(certificate)) {
                return known;
            }
            SigningKey key = null;
            try {
                key = keys.find(certificate.getPublicKey());
            } catch (PrivateKeys.KeyTrouble e) {
                errors.add(place.file(), place.line(), place.key(), e.what());
            }
            if (key == null) {
                withoutKey.add(certificate);
                return null;
            }
            List<byte[]> chain = new ArrayList<>();
            List<byte[]> issuers = new ArrayList<>();
            try {
                chain.add(certificate.getEncoded());
                X509Certificate issuer = issuer(certificate);
                while (issuer != null && chain.size() < CHAIN_LIMIT) {
                    issuers.add(keyHash(issuer));
                    if (issuer.getSubjectX500Principal().equals(issuer.getIssuerX500Principal())) {
                        break; // the anchor is the peer's already
                    }
                    chain.add(issuer.getEncoded());
                    issuer = issuer(issuer);
                }
            } catch (CertificateEncodingException e) {
                throw new IllegalStateException("a certificate that was read cannot be written", e);
            }
            Candidate candidate = new Candidate(
                    new LocalCertificate(
                            chain,
                            new Identification(
                                    Identification.DER_ASN1_DN,
                                    certificate.getSubjectX500Principal().getEncoded()),
                            key),
                    List.copyOf(issuers));
            candidates.put(certificate, candidate);
            return candidate;
        }

        private @Nullable X509Certificate issuer(X509Certificate certificate) {
            List<X509Certificate> all = new ArrayList<>(configuration.authorities());
            all.addAll(configuration.certificates());
            for (X509Certificate issuer : all) {
                if (issuer.getBasicConstraints() >= 0
                        && !issuer.equals(certificate)
                        && issuer.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())) {
                    try {
                        certificate.verify(issuer.getPublicKey());
                        return issuer;
                    } catch (GeneralSecurityException e) {
                        // one of the same name with another key
                    }
                }
            }
            return null;
        }

        /** Whether a certificate proves an identity: as its subject or among its alternative names. */
        private static boolean bears(X509Certificate certificate, IdentityPattern pattern) {
            Identification id = pattern.exact();
            if (id == null) {
                return certificate.getBasicConstraints() < 0;
            }
            if (id.type() == Identification.DER_ASN1_DN) {
                try {
                    return X500Name.getInstance(ASN1Primitive.fromByteArray(id.data()))
                            .equals(X500Name.getInstance(
                                    certificate.getSubjectX500Principal().getEncoded()));
                } catch (IOException e) {
                    return false;
                }
            }
            String text = IdentityText.format(id);
            try {
                Collection<List<?>> names = certificate.getSubjectAlternativeNames();
                if (names == null) {
                    return false;
                }
                for (List<?> name : names) {
                    boolean kind = switch ((Integer) name.get(0)) {
                        case 1 -> id.type() == Identification.RFC822_ADDR;
                        case 2 -> id.type() == Identification.FQDN;
                        case 7 -> id.type() == Identification.IPV4_ADDR || id.type() == Identification.IPV6_ADDR;
                        default -> false;
                    };
                    if (kind && text.equalsIgnoreCase(normal(String.valueOf(name.get(1))))) {
                        return true;
                    }
                }
            } catch (CertificateParsingException e) {
                return false;
            }
            return false;
        }

        private static String normal(String name) {
            var address = AddressText.literal(name);
            return address == null ? name : address.getHostAddress();
        }

        private static byte[] keyHash(X509Certificate certificate) {
            try {
                return MessageDigest.getInstance("SHA-1")
                        .digest(certificate.getPublicKey().getEncoded());
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("this Java knows no SHA-1", e);
            }
        }
    }
}
