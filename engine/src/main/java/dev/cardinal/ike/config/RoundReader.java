package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.wire.Identification;
import java.io.IOException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.jspecify.annotations.Nullable;

/** Reads one side's authentication: the sections of a connection that begin with {@code local} or {@code remote}. */
final class RoundReader {
    private static final Map<String, Set<String>> UNSUPPORTED = new LinkedHashMap<>();

    static {
        for (String key : List.of("eap_id", "aaa_id", "groups", "cert_policy", "ca_id")) {
            UNSUPPORTED.put(key, Set.of());
        }
    }

    private final SwanctlConf.Surroundings around;
    /** The connection's {@code version}. */
    private final int version;

    private final boolean ours;

    RoundReader(SwanctlConf.Surroundings around, int version, boolean ours) {
        this.around = around;
        this.version = version;
        this.ours = ours;
    }

    /**
     * One side's authentication as read.
     *
     * @param publicKeys raw keys, without certificates
     * @param authorities who must have issued the peer's certificate
     * @param xauth null where there is none
     */
    record Side(
            AuthPolicy policy,
            List<CertificateSource> certificates,
            List<PublicKey> publicKeys,
            List<X509Certificate> authorities,
            TrustPolicy.Revocation revocation,
            @Nullable Xauth xauth) {}

    /**
     * A section with {@code auth = xauth}.
     *
     * @param user what {@code xauth_id} says, else {@code id}
     */
    record Xauth(SectionReader section, @Nullable String user) {}

    /** Reads all sections that begin so; reports what is wrong with them. */
    Side read(SectionReader connection, String prefix) {
        Side side = null;
        Xauth xauth = null;
        for (SectionReader round : connection.children(prefix)) {
            round.integer("round", 0, 1000, 0); // there is an order of two only, and IKEv1 gives it
            String auth = round.text("auth");
            if (auth != null && auth.startsWith("xauth")) {
                if (xauth != null) {
                    round.error("a second xauth");
                }
                xauth = xauth(round, auth);
            } else if (side == null) {
                side = side(round);
            } else {
                round.error(
                        version == 1
                                ? "IKEv1 has one method of authentication and xauth"
                                : "a second authentication round: strongSwan's, not supported yet");
            }
        }
        if (side == null) {
            if (xauth != null) {
                xauth.section().error("xauth alone (hybrid authentication): strongSwan's, not supported yet");
            }
            side = new Side(
                    new AuthPolicy(AuthPolicy.Method.PUBKEY, IdentityPattern.ANY, List.of()),
                    List.of(),
                    List.of(),
                    List.of(),
                    TrustPolicy.Revocation.RELAXED,
                    null);
        }
        return new Side(
                side.policy(), side.certificates(), side.publicKeys(), side.authorities(), side.revocation(), xauth);
    }

    private Xauth xauth(SectionReader round, String auth) {
        if (version != 1) {
            round.error("auth", "xauth: only with version = 1");
        } else if (!auth.equals("xauth") && !auth.equals("xauth-generic")) {
            round.error("auth", auth + ": strongSwan's, not supported yet");
        }
        String id = round.text("id");
        String user = round.text("xauth_id");
        round.unsupported(UNSUPPORTED);
        round.finish();
        return new Xauth(round, user == null ? id : user);
    }

    private Side side(SectionReader round) {
        AuthKeywords auth = auth(round);
        List<CertificateSource> certificates = certificates(round);
        AuthPolicy policy = new AuthPolicy(auth.method(), id(round, certificates), auth.schemes());
        List<PublicKey> publicKeys = new ArrayList<>();
        for (String name : round.list("pubkeys")) {
            if (!policy.method().encrypts()) {
                round.error("pubkeys", "keys without certificates that sign: strongSwan's, not supported yet");
                break;
            }
            PublicKey key = around.certificates().publicKey(round, "pubkeys", name);
            if (key != null) {
                publicKeys.add(key);
            }
        }
        if (round.text("xauth_id") != null) {
            round.error("xauth_id", "belongs into a section with auth = xauth");
        }
        List<X509Certificate> authorities = new ArrayList<>();
        TrustPolicy.Revocation revocation = TrustPolicy.Revocation.RELAXED;
        if (!ours) {
            for (String name : round.list("cacerts")) {
                X509Certificate certificate = around.certificates().named(round, "cacerts", "x509ca", name);
                if (certificate != null) {
                    authorities.add(certificate);
                }
            }
            for (SectionReader cacert : round.children("cacert")) {
                String file = cacert.text("file");
                X509Certificate certificate =
                        file == null ? null : around.certificates().named(cacert, "file", "x509ca", file);
                if (certificate != null) {
                    authorities.add(certificate);
                } else if (file == null) {
                    cacert.error("the file is missing; authorities on tokens are not supported yet");
                }
                cacert.text("handle");
                cacert.text("slot");
                cacert.text("module");
                cacert.finish();
            }
            revocation = round.choice(
                    "revocation",
                    ConnectionReader.choices(
                            "relaxed", TrustPolicy.Revocation.RELAXED,
                            "ifuri", TrustPolicy.Revocation.IF_URI,
                            "strict", TrustPolicy.Revocation.STRICT),
                    TrustPolicy.Revocation.RELAXED);
        }
        round.unsupported(UNSUPPORTED);
        round.finish();
        return new Side(policy, certificates, publicKeys, authorities, revocation, null);
    }

    private List<CertificateSource> certificates(SectionReader round) {
        List<CertificateSource> certificates = new ArrayList<>();
        for (String name : round.list("certs")) {
            X509Certificate certificate = around.certificates().named(round, "certs", "x509", name);
            if (certificate != null) {
                certificates.add(new CertificateSource.InFile(certificate));
            }
        }
        for (SectionReader cert : round.children("cert")) {
            String file = cert.text("file");
            String handle = SecretsReader.handle(cert);
            cert.integer("slot", 0, Integer.MAX_VALUE, 0);
            if (file != null && cert.value("handle") != null) {
                cert.error("file", "either file or handle");
            } else if (file != null) {
                X509Certificate certificate = around.certificates().named(cert, "file", "x509", file);
                if (certificate != null) {
                    certificates.add(new CertificateSource.InFile(certificate));
                }
                cert.text("module");
            } else if (handle != null) {
                String token = SecretsReader.token(cert, around);
                certificates.add(new CertificateSource.OnToken(
                        handle,
                        token,
                        new ConfigError(cert.section().file(), cert.section().line(), cert.path(), "")));
            } else if (cert.value("handle") == null) {
                cert.error("file or handle is missing");
            }
            cert.finish();
        }
        return certificates;
    }

    private AuthKeywords auth(SectionReader round) {
        AuthKeywords auth = new AuthKeywords(AuthPolicy.Method.PUBKEY, List.of());
        String text = round.text("auth");
        if (text != null) {
            try {
                auth = AuthKeywords.parse(text);
            } catch (ConfigFault e) {
                round.error("auth", e.what());
            }
        }
        if (auth.method().encrypts() && version != 1) {
            round.error("auth", text + ": only with version = 1");
        }
        return auth;
    }

    private IdentityPattern id(SectionReader round, List<CertificateSource> certificates) {
        String text = round.text("id");
        if (text == null) {
            return IdentityPattern.ANY;
        }
        try {
            IdentityPattern id = like(IdentityText.pattern(text), certificates);
            if (ours && text.startsWith("*")) {
                round.error("id", "our own identity cannot be a wildcard");
            }
            return id;
        } catch (ConfigFault e) {
            round.error("id", e.what());
            return IdentityPattern.ANY;
        }
    }

    /**
     * A distinguished name in the encoding of the certificate that bears it: peers compare octets, and one name may be
     * written with several string types.
     */
    private static IdentityPattern like(IdentityPattern id, List<CertificateSource> certificates) {
        Identification exact = id.exact();
        if (exact == null || exact.type() != Identification.DER_ASN1_DN) {
            return id;
        }
        X500Name name = name(exact.data());
        for (CertificateSource source : certificates) {
            if (source instanceof CertificateSource.InFile file) {
                byte[] subject = file.certificate().getSubjectX500Principal().getEncoded();
                if (name != null && name.equals(name(subject))) {
                    return IdentityPattern.of(new Identification(Identification.DER_ASN1_DN, subject));
                }
            }
        }
        return id;
    }

    private static @Nullable X500Name name(byte[] der) {
        try {
            return X500Name.getInstance(org.bouncycastle.asn1.ASN1Primitive.fromByteArray(der));
        } catch (IOException | IllegalArgumentException e) {
            return null;
        }
    }
}
