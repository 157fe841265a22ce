package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.Proposal;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.x500.X500Name;
import org.jspecify.annotations.Nullable;

/** Reads one section under {@code connections}; strongSwan's keys and defaults. */
final class ConnectionReader {
    private static final Map<String, Set<String>> UNSUPPORTED = new LinkedHashMap<>();
    private static final Map<String, Set<String>> UNSUPPORTED_AUTH = new LinkedHashMap<>();

    static {
        Set<String> none = Set.of();
        Set<String> zero = Set.of("0", "0s", "0m", "0h");
        Set<String> no = Set.of("no", "false", "disabled", "0");
        for (String key : List.of("vips", "pools", "ppk_id", "mediated_by", "mediation_peer")) {
            UNSUPPORTED.put(key, none);
        }
        UNSUPPORTED.put("aggressive", no);
        UNSUPPORTED.put("mediation", no);
        UNSUPPORTED.put("ppk_required", no);
        UNSUPPORTED.put("pull", Set.of("yes", "true", "enabled", "1"));
        UNSUPPORTED.put("dscp", Set.of("000000"));
        UNSUPPORTED.put("reauth_time", zero);
        UNSUPPORTED.put("if_id_in", Set.of("0"));
        UNSUPPORTED.put("if_id_out", Set.of("0"));
        UNSUPPORTED.put("ocsp", Set.of("reply"));
        for (String key : List.of("pubkeys", "eap_id", "aaa_id", "xauth_id", "groups", "cert_policy", "ca_id")) {
            UNSUPPORTED_AUTH.put(key, none);
        }
    }

    private final SectionReader section;
    private final SwanctlConf.Surroundings around;
    private final ConfigError place;

    ConnectionReader(SectionReader section, SwanctlConf.Surroundings around) {
        this.section = section;
        this.around = around;
        this.place = new ConfigError(section.section().file(), section.section().line(), section.path(), "");
    }

    /** One side's authentication as read. */
    private record Round(
            AuthPolicy policy,
            List<CertificateSource> certificates,
            List<X509Certificate> authorities,
            TrustPolicy.Revocation revocation) {

        static final Round DEFAULT = new Round(
                new AuthPolicy(AuthPolicy.Method.PUBKEY, IdentityPattern.ANY, List.of()),
                List.of(),
                List.of(),
                TrustPolicy.Revocation.RELAXED);
    }

    /** Reads all of it, also where parts are faulty. */
    ConnectionConfig read() {
        int version = section.integer("version", 0, 2, 0);
        if (version == 1) {
            section.error("version", "IKEv1: strongSwan's, not supported yet");
        }
        List<AddressRange> local = addresses("local_addrs");
        List<AddressRange> remote = addresses("remote_addrs");
        int daemonPort = around.cardinal().port() == 0 ? 500 : around.cardinal().port();
        if (section.integer("local_port", 0, 65535, daemonPort) != daemonPort) {
            section.error("local_port", "other than cardinal.port, which is " + daemonPort + ", is not supported yet");
        }
        int remotePort = section.integer("remote_port", 1, 65535, 500);
        List<Proposal> proposals = proposals(section, "proposals", Proposal.IKE);

        boolean rekeySet = section.text("rekey_time") != null;
        long rekey = section.nanos("rekey_time", TimeUnit.HOURS.toNanos(4));
        long over = section.nanos("over_time", rekey / 10);
        long rand = section.nanos("rand_time", over);
        if (rekeySet && rand > rekey) {
            section.error("rand_time", "longer than rekey_time");
            rand = rekey;
        }
        Round localRound = round("local", true);
        Round remoteRound = round("remote", false);
        List<ChildPolicy> children = new ArrayList<>();
        SectionReader childSections = section.child("children");
        if (childSections != null) {
            for (SectionReader child : childSections.children()) {
                children.add(ChildReader.read(child));
            }
            childSections.finish();
        }
        section.bool("mobike", true); // announced by nobody here; a peer's announcement is ignored
        section.nanos("dpd_timeout", 0); // of IKEv1 only
        if (section.integer("keyingtries", 0, 1_000_000, 1) != 1) {
            section.error("keyingtries", "more than one try: strongSwan's, not supported yet");
        }
        PeerPolicy policy = new PeerPolicy(
                section.name(),
                version,
                local,
                remote,
                remotePort,
                proposals,
                localRound.policy(),
                remoteRound.policy(),
                children,
                section.choice(
                        "childless",
                        choices(
                                "allow", PeerPolicy.Childless.ALLOW,
                                "prefer", PeerPolicy.Childless.PREFER,
                                "force", PeerPolicy.Childless.FORCE,
                                "never", PeerPolicy.Childless.NEVER),
                        PeerPolicy.Childless.ALLOW),
                section.choice(
                        "fragmentation",
                        choices(
                                "yes", PeerPolicy.Fragmentation.YES,
                                "accept", PeerPolicy.Fragmentation.ACCEPT,
                                "force", PeerPolicy.Fragmentation.FORCE,
                                "no", PeerPolicy.Fragmentation.NO),
                        PeerPolicy.Fragmentation.YES),
                around.cardinal().fragmentSize(),
                rekey,
                rand,
                over,
                section.nanos("dpd_delay", 0),
                TimeUnit.SECONDS.toNanos(150),
                section.bool("encap", false),
                section.choice(
                        "send_cert",
                        choices(
                                "ifasked", PeerPolicy.SendCertificate.IF_ASKED,
                                "always", PeerPolicy.SendCertificate.ALWAYS,
                                "never", PeerPolicy.SendCertificate.NEVER),
                        PeerPolicy.SendCertificate.IF_ASKED),
                section.bool("send_certreq", true),
                unique(),
                placement(),
                VirtualAddresses.NONE,
                null);
        section.unsupported(UNSUPPORTED);
        section.finish();
        List<X509Certificate> peers = new ArrayList<>();
        for (CertificateSource source : remoteRound.certificates()) {
            switch (source) {
                case CertificateSource.InFile file -> peers.add(file.certificate());
                case CertificateSource.OnToken token ->
                    section.error("a peer's certificate on a token is not supported yet");
            }
        }
        return new ConnectionConfig(
                policy, localRound.certificates(), peers, remoteRound.authorities(), remoteRound.revocation(), place);
    }

    private static <T> Map<String, T> choices(String first, T a, String second, T b, String third, T c) {
        Map<String, T> choices = new LinkedHashMap<>();
        choices.put(first, a);
        choices.put(second, b);
        choices.put(third, c);
        return choices;
    }

    private static <T> Map<String, T> choices(
            String first, T a, String second, T b, String third, T c, String fourth, T d) {
        Map<String, T> choices = choices(first, a, second, b, third, c);
        choices.put(fourth, d);
        return choices;
    }

    private PeerPolicy.Uniqueness unique() {
        if ("keep".equals(section.text("unique"))) {
            section.error("unique", "keep: strongSwan's, not supported yet");
            return PeerPolicy.Uniqueness.NO;
        }
        return section.choice(
                "unique",
                choices(
                        "no", PeerPolicy.Uniqueness.NO,
                        "never", PeerPolicy.Uniqueness.NEVER,
                        "replace", PeerPolicy.Uniqueness.REPLACE),
                PeerPolicy.Uniqueness.NO);
    }

    private KeyExchangePlacement placement() {
        boolean onToken =
                around.cardinal().tokens().stream().anyMatch(t -> t.roles().contains(TokenConfig.Role.KEY_EXCHANGE));
        KeyExchangePlacement placement = section.choice(
                "key_exchange",
                choices(
                        "token-only", KeyExchangePlacement.TOKEN_ONLY,
                        "prefer-token", KeyExchangePlacement.PREFER_TOKEN,
                        "host", KeyExchangePlacement.HOST),
                onToken ? KeyExchangePlacement.PREFER_TOKEN : KeyExchangePlacement.HOST);
        if (placement == KeyExchangePlacement.TOKEN_ONLY && !onToken) {
            section.error("key_exchange", "cardinal.conf has no token with the role key-exchange");
        }
        return placement;
    }

    private List<AddressRange> addresses(String key) {
        List<AddressRange> ranges = new ArrayList<>();
        boolean any = false;
        for (String element : section.list(key)) {
            if (AddressText.isAny(element)) {
                any = true;
                continue;
            }
            try {
                ranges.add(AddressText.range(element));
            } catch (ConfigFault e) {
                section.error(key, e.what());
            }
        }
        return any ? List.of() : ranges;
    }

    static List<Proposal> proposals(SectionReader section, String key, int protocol) {
        List<ConfigFault> faults = new ArrayList<>();
        List<Proposal> proposals = ProposalKeywords.parse(protocol, section.list(key), faults);
        for (ConfigFault fault : faults) {
            section.error(key, fault.what());
        }
        return proposals;
    }

    private Round round(String prefix, boolean ours) {
        List<SectionReader> rounds = section.children(prefix);
        if (rounds.isEmpty()) {
            return Round.DEFAULT;
        }
        for (SectionReader another : rounds.subList(1, rounds.size())) {
            another.error("a second authentication round: strongSwan's, not supported yet");
        }
        SectionReader round = rounds.getFirst();
        round.integer("round", 0, 1000, 0);
        List<CertificateSource> certificates = certificates(round);
        AuthPolicy policy = authPolicy(round, ours, certificates);
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
                    choices(
                            "relaxed", TrustPolicy.Revocation.RELAXED,
                            "ifuri", TrustPolicy.Revocation.IF_URI,
                            "strict", TrustPolicy.Revocation.STRICT),
                    TrustPolicy.Revocation.RELAXED);
        }
        round.unsupported(UNSUPPORTED_AUTH);
        round.finish();
        return new Round(policy, certificates, authorities, revocation);
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

    private AuthPolicy authPolicy(SectionReader round, boolean ours, List<CertificateSource> certificates) {
        IdentityPattern id = IdentityPattern.ANY;
        AuthKeywords auth = new AuthKeywords(AuthPolicy.Method.PUBKEY, List.of());
        String text = round.text("id");
        if (text != null) {
            try {
                id = like(IdentityText.pattern(text), certificates);
                if (ours && text.startsWith("*")) {
                    round.error("id", "our own identity cannot be a wildcard");
                }
            } catch (ConfigFault e) {
                round.error("id", e.what());
            }
        }
        text = round.text("auth");
        if (text != null) {
            try {
                auth = AuthKeywords.parse(text);
            } catch (ConfigFault e) {
                round.error("auth", e.what());
            }
        }
        return new AuthPolicy(auth.method(), id, auth.schemes());
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
