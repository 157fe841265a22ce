package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.Ikev1Policy;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.wire.Proposal;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Reads one section under {@code connections}; strongSwan's keys and defaults. */
final class ConnectionReader {
    /** Addresses asked for: each costs the peer a lease. */
    private static final int VIP_LIMIT = 8;

    private static final Map<String, Set<String>> UNSUPPORTED = new LinkedHashMap<>();

    static {
        Set<String> none = Set.of();
        Set<String> no = Set.of("no", "false", "disabled", "0");
        for (String key : List.of("ppk_id", "mediated_by", "mediation_peer")) {
            UNSUPPORTED.put(key, none);
        }
        UNSUPPORTED.put("mediation", no);
        UNSUPPORTED.put("ppk_required", no);
        UNSUPPORTED.put("pull", Set.of("yes", "true", "enabled", "1"));
        UNSUPPORTED.put("dscp", Set.of("000000"));
        UNSUPPORTED.put("if_id_in", Set.of("0"));
        UNSUPPORTED.put("if_id_out", Set.of("0"));
        UNSUPPORTED.put("ocsp", Set.of("reply"));
    }

    private final SectionReader section;
    private final SwanctlConf.Surroundings around;
    private final ConfigError place;

    ConnectionReader(SectionReader section, SwanctlConf.Surroundings around) {
        this.section = section;
        this.around = around;
        this.place = new ConfigError(section.section().file(), section.section().line(), section.path(), "");
    }

    /** Reads all of it, also where parts are faulty. */
    ConnectionConfig read() {
        int version = section.integer("version", 0, 2, 0);
        List<AddressRange> local = addresses("local_addrs");
        List<AddressRange> remote = addresses("remote_addrs");
        int daemonPort = around.cardinal().port() == 0 ? 500 : around.cardinal().port();
        if (section.integer("local_port", 0, 65535, daemonPort) != daemonPort) {
            section.error("local_port", "other than cardinal.port, which is " + daemonPort + ", is not supported yet");
        }
        int remotePort = section.integer("remote_port", 1, 65535, 500);
        List<Proposal> proposals = proposals(section, "proposals", Proposal.IKE);

        long rekey = lifetime(version);
        long over = section.nanos("over_time", rekey / 10);
        long rand = section.nanos("rand_time", over);
        if (rekey != 0 && section.text("rand_time") != null && rand > rekey) {
            section.error("rand_time", "longer than rekey_time");
            rand = rekey;
        }
        RoundReader.Side ours = new RoundReader(around, version, true).read(section, "local");
        RoundReader.Side theirs = new RoundReader(around, version, false).read(section, "remote");
        VirtualAddresses virtual = virtualAddresses(version);
        Ikev1Policy ikev1 = new Ikev1Reader(section, around, version).read(proposals, ours, theirs);
        List<ChildPolicy> children = new ArrayList<>();
        SectionReader childSections = section.child("children");
        if (childSections != null) {
            for (SectionReader child : childSections.children()) {
                children.add(ChildReader.read(child));
            }
            childSections.finish();
        }
        section.bool("mobike", true); // announced by nobody here; a peer's announcement is ignored
        long dpdTimeout = section.nanos("dpd_timeout", 0); // of IKEv1 only
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
                ours.policy(),
                theirs.policy(),
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
                dpdTimeout == 0 ? around.cardinal().saSettings().retransmissionNanos() : dpdTimeout,
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
                virtual,
                ikev1);
        section.unsupported(UNSUPPORTED);
        section.finish();
        EncryptionKeys keys = EncryptionKeys.of(section, ours, theirs);
        List<X509Certificate> peers = new ArrayList<>();
        for (CertificateSource source : theirs.certificates()) {
            switch (source) {
                case CertificateSource.InFile file -> peers.add(file.certificate());
                case CertificateSource.OnToken token ->
                    section.error("a peer's certificate on a token is not supported yet");
            }
        }
        return new ConnectionConfig(
                policy, ours.certificates(), peers, theirs.authorities(), theirs.revocation(), keys, place);
    }

    /**
     * What comes first of {@code rekey_time} and {@code reauth_time}: IKEv1 knows no difference, its peers authenticate anew.
     */
    private long lifetime(int version) {
        boolean reauthSet = section.text("reauth_time") != null;
        long reauth = section.nanos("reauth_time", 0);
        if (version != 1 && reauth != 0) {
            section.error("reauth_time", "strongSwan's, not supported yet with IKEv2; rekey_time is");
        }
        long rekey = section.nanos("rekey_time", reauthSet && version == 1 ? 0 : TimeUnit.HOURS.toNanos(4));
        if (version != 1) {
            return rekey;
        }
        return rekey == 0 ? reauth : reauth == 0 ? rekey : Math.min(rekey, reauth);
    }

    private VirtualAddresses virtualAddresses(int version) {
        List<InetAddress> requested = new ArrayList<>();
        for (String element : section.list("vips")) {
            InetAddress address = AddressText.literal(element);
            if (address == null) {
                section.error("vips", "an address, or 0.0.0.0 or :: for any, was expected, not '" + element + "'");
            } else {
                requested.add(address);
            }
        }
        if (requested.size() > VIP_LIMIT) {
            section.error("vips", "more than " + VIP_LIMIT + " addresses");
        }
        List<String> pools = section.list("pools");
        for (String pool : pools) {
            if (!around.pools().contains(pool)) {
                section.error("pools", "no pool '" + pool + "' under pools");
            }
        }
        for (String key : List.of("vips", "pools")) {
            if (version != 1 && section.text(key) != null) {
                section.error(key, "strongSwan's, not supported yet with IKEv2: only with version = 1");
            }
        }
        return new VirtualAddresses(requested, pools);
    }

    static <T> Map<String, T> choices(String first, T a, String second, T b, String third, T c) {
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
}
