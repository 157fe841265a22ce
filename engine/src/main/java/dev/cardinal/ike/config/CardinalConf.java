package dev.cardinal.ike.config;

import dev.cardinal.ike.sa.SaSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The daemon's settings: {@code cardinal.conf}. Times are nanoseconds, 0 for never.
 *
 * @param listen local addresses; empty for every one
 * @param port IKE's, 0 lets the system choose
 * @param natTPort for NAT-T, 0 lets the system choose
 * @param loops event loops, 0 for one a processor
 * @param sad where Child SAs go
 * @param cookieThreshold half-open SAs from which on cookies are asked for, 0 for never
 * @param cookieThresholdPerAddress the same for one address
 * @param blockThreshold half-open SAs of one address beyond which its first messages are dropped, 0 for never
 * @param fragmentSize octets of an IP packet that carries a fragment
 * @param certificateCache whether peers' certificates and what their signatures were verified with is remembered
 * @param keyLog file for Wireshark's decryption tables; null for none. Whoever reads it reads the traffic
 * @param aggressivePsk whether IKEv1's Aggressive Mode with a pre-shared key is answered, although it gives away a hash to guess
 *     the key by
 */
public record CardinalConf(
        List<InetAddress> listen,
        int port,
        int natTPort,
        int loops,
        SadKind sad,
        int cookieThreshold,
        int cookieThresholdPerAddress,
        int blockThreshold,
        int fragmentSize,
        boolean certificateCache,
        SaSettings saSettings,
        @Nullable Path keyLog,
        boolean aggressivePsk,
        List<TokenConfig> tokens) {

    /** More event loops than any machine has use for; our SPIs carry the loop in their low bits. */
    public static final int LOOP_LIMIT = 256;

    public CardinalConf {
        listen = List.copyOf(listen);
        tokens = List.copyOf(tokens);
    }

    /** Where Child SAs are installed. */
    public enum SadKind {
        /** Nowhere: they are recorded. */
        NONE,
        TUN,
        XFRM
    }

    /** With other ports and loops, everything else as it is. */
    public CardinalConf withPorts(int otherPort, int otherNatTPort, int otherLoops) {
        return new CardinalConf(
                listen,
                otherPort,
                otherNatTPort,
                otherLoops,
                sad,
                cookieThreshold,
                cookieThresholdPerAddress,
                blockThreshold,
                fragmentSize,
                certificateCache,
                saSettings,
                keyLog,
                aggressivePsk,
                tokens);
    }

    CardinalConf withTokens(List<TokenConfig> others) {
        return new CardinalConf(
                listen,
                port,
                natTPort,
                loops,
                sad,
                cookieThreshold,
                cookieThresholdPerAddress,
                blockThreshold,
                fragmentSize,
                certificateCache,
                saSettings,
                keyLog,
                aggressivePsk,
                others);
    }

    /**
     * Reads the tree of {@code cardinal.conf}.
     *
     * @param defaultPort what {@code port} is where it is not set
     * @param defaultNatTPort the same for {@code port_nat_t}
     */
    static CardinalConf read(
            ConfigSection tree, Path folder, int defaultPort, int defaultNatTPort, ConfigErrors errors) {
        SectionReader root = new SectionReader(tree, errors);
        SectionReader section = root.child("cardinal");
        SectionReader cardinal = section == null
                ? new SectionReader(new ConfigSection("cardinal", "cardinal", tree.file(), 0), errors)
                : section;
        List<TokenConfig> tokens = new ArrayList<>();
        SectionReader tokenSections = root.child("tokens");
        if (tokenSections != null) {
            for (SectionReader token : tokenSections.children()) {
                TokenConfig read = token(token, folder);
                if (read != null) {
                    tokens.add(read);
                }
            }
            tokenSections.finish();
        }
        Map<String, SadKind> sads = new LinkedHashMap<>();
        sads.put("none", SadKind.NONE);
        sads.put("tun", SadKind.TUN);
        sads.put("xfrm", SadKind.XFRM);
        SaSettings usual = SaSettings.DEFAULT;
        String keyLog = cardinal.text("key_log");
        CardinalConf conf = new CardinalConf(
                listen(cardinal),
                cardinal.integer("port", 0, 65535, defaultPort),
                cardinal.integer("port_nat_t", 0, 65535, defaultNatTPort),
                cardinal.integer("loops", 1, LOOP_LIMIT, 0),
                cardinal.choice("sad", sads, SadKind.NONE),
                cardinal.integer("cookie_threshold", 0, 1_000_000, 30),
                cardinal.integer("cookie_threshold_ip", 0, 1_000_000, 3),
                cardinal.integer("block_threshold", 0, 1_000_000, 5),
                cardinal.integer("fragment_size", 512, 65535, 1280),
                cardinal.bool("cert_cache", true),
                new SaSettings(
                        cardinal.decimalNanos("retransmit_timeout", 0.1, 600, usual.retransmitTimeoutNanos() / 1e9),
                        cardinal.decimal("retransmit_base", 1, 10, usual.retransmitBase()),
                        cardinal.integer("retransmit_tries", 0, 100, usual.retransmitTries()),
                        cardinal.nanos("half_open_timeout", usual.halfOpenTimeoutNanos()),
                        cardinal.nanos("keep_alive", usual.natKeepaliveNanos()),
                        cardinal.decimalNanos("token_deadline", 0.01, 600, usual.tokenDeadlineNanos() / 1e9),
                        cardinal.decimalNanos("decryption_grid", 0.001, 1, usual.decryptionGridNanos() / 1e9)),
                keyLog == null || Boolean.FALSE.equals(SectionReader.bool(keyLog)) ? null : folder.resolve(keyLog),
                cardinal.bool("i_dont_care_about_security_and_use_aggressive_mode_psk", false),
                tokens);
        if (conf.port() != 0 && conf.port() == conf.natTPort()) {
            cardinal.error("port_nat_t", "the same as port");
        }
        if (conf.sad() != SadKind.NONE) {
            cardinal.error("sad", "not supported yet; none records what would be installed");
        }
        cardinal.finish();
        root.finish();
        return conf;
    }

    private static List<InetAddress> listen(SectionReader cardinal) {
        List<InetAddress> addresses = new ArrayList<>();
        for (String element : cardinal.list("listen")) {
            InetAddress address = AddressText.literal(element);
            if (address == null || address.isAnyLocalAddress() || address.isMulticastAddress()) {
                cardinal.error("listen", "one of the machine's addresses was expected, not '" + element + "'");
            } else if (!addresses.contains(address)) {
                addresses.add(address);
            }
        }
        return addresses;
    }

    private static @Nullable TokenConfig token(SectionReader token, Path folder) {
        String module = token.text("module");
        String label = token.text("token");
        String uri = token.text("uri");
        String pinFile = token.text("pin_file");
        String pinVariable = token.text("pin_env");
        Path moduleFile = null;
        if (module == null) {
            token.error("module is missing: the PKCS#11 module's file, or " + ModuleFile.CARD);
        } else {
            try {
                moduleFile = ModuleFile.of(module, folder);
            } catch (IOException e) {
                token.error("module", String.valueOf(e.getMessage()));
            }
        }
        if (label != null && uri != null) {
            token.error("uri", "either token or uri");
        } else if (label == null && uri == null) {
            token.error("token or uri is missing: which of the module's tokens");
        }
        if (uri != null && !uri.startsWith("pkcs11:")) {
            token.error("uri", "a URI that begins with pkcs11: was expected");
            uri = null;
        }
        TokenConfig.PinPlace pin = null;
        if (pinFile != null && pinVariable != null) {
            token.error("pin_env", "either pin_file or pin_env");
        } else if (pinFile != null) {
            Path file = folder.resolve(pinFile);
            if (!Files.isReadable(file)) {
                token.error("pin_file", "cannot be read: " + file);
            }
            pin = new TokenConfig.PinPlace.InFile(file);
        } else if (pinVariable != null) {
            if (!pinVariable.matches("[A-Za-z_][A-Za-z0-9_]*")) {
                token.error("pin_env", "the name of an environment variable was expected");
            }
            pin = new TokenConfig.PinPlace.InEnvironment(pinVariable);
        }
        Set<TokenConfig.Role> roles = EnumSet.noneOf(TokenConfig.Role.class);
        for (String role : token.list("roles")) {
            switch (role) {
                case "sign" -> roles.add(TokenConfig.Role.SIGN);
                case "decrypt" -> roles.add(TokenConfig.Role.DECRYPT);
                case "key-exchange" -> roles.add(TokenConfig.Role.KEY_EXCHANGE);
                case "random" -> roles.add(TokenConfig.Role.RANDOM);
                default ->
                    token.error("roles", "sign, decrypt, key-exchange or random was expected, not '" + role + "'");
            }
        }
        if (roles.isEmpty()) {
            roles = EnumSet.of(TokenConfig.Role.SIGN, TokenConfig.Role.DECRYPT, TokenConfig.Role.KEY_EXCHANGE);
        }
        String initArgs = token.text("init_args");
        int workers = token.integer("workers", 1, 256, 0);
        int begun = token.integer("queue_begun", 1, 1_000_000, 4096);
        int established = token.integer("queue_established", 1, 1_000_000, 2048);
        int unknown = token.integer("queue_unknown", 1, 1_000_000, 1024);
        int batch = token.integer("batch", 1, 1024, 64);
        boolean extract = token.bool("extract", false);
        token.finish();
        String selector = uri == null ? label : uri;
        if (moduleFile == null || selector == null) {
            return null;
        }
        return new TokenConfig(
                token.name(),
                moduleFile,
                initArgs,
                selector,
                pin,
                roles,
                workers,
                begun,
                established,
                unknown,
                batch,
                extract);
    }
}
