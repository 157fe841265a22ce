package dev.cardinal.ike.config;

import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.SelectorPolicy;
import dev.cardinal.ike.wire.Proposal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Reads one section under {@code children}; strongSwan's keys and defaults. */
final class ChildReader {
    /** Traffic selectors of one side: their count is one octet on the wire (RFC 7296 section 3.13). */
    private static final int SELECTOR_LIMIT = 255;

    private static final Map<String, Set<String>> UNSUPPORTED = new LinkedHashMap<>();

    static {
        Set<String> none = Set.of();
        Set<String> zero = Set.of("0", "0s");
        Set<String> no = Set.of("no", "false", "disabled", "0");
        Set<String> yes = Set.of("yes", "true", "enabled", "1");
        for (String key : List.of("ah_proposals", "updown", "interface", "label", "per_cpu_sas", "hostaccess")) {
            UNSUPPORTED.put(key, none);
        }
        for (String key :
                List.of("sha256_96", "policies_fwd_out", "ipcomp", "mark_in_sa", "hw_offload", "per_cpu_sas")) {
            UNSUPPORTED.put(key, no);
        }
        for (String key : List.of(
                "rekey_bytes",
                "life_bytes",
                "rand_bytes",
                "rekey_packets",
                "life_packets",
                "rand_packets",
                "inactivity",
                "reqid",
                "priority",
                "tfc_padding",
                "if_id_in",
                "if_id_out",
                "mark_in",
                "mark_out",
                "set_mark_in",
                "set_mark_out")) {
            UNSUPPORTED.put(key, zero);
        }
        UNSUPPORTED.put("hostaccess", no);
        UNSUPPORTED.put("policies", yes);
        UNSUPPORTED.put("copy_df", yes);
        UNSUPPORTED.put("copy_ecn", yes);
        UNSUPPORTED.put("copy_dscp", Set.of("out"));
        UNSUPPORTED.put("label_mode", Set.of("system"));
        UNSUPPORTED.put("replay_window", Set.of("32"));
    }

    private ChildReader() {}

    static ChildPolicy read(SectionReader child) {
        long rekey = child.nanos("rekey_time", TimeUnit.HOURS.toNanos(1));
        long life = child.nanos("life_time", rekey + rekey / 10);
        if (life != 0 && life < rekey) {
            child.error("life_time", "shorter than rekey_time");
            life = rekey;
        }
        long rand = child.nanos("rand_time", Math.max(0, life - rekey));
        if (rekey != 0 && rand > rekey) {
            child.error("rand_time", "longer than rekey_time");
            rand = rekey;
        }
        ChildPolicy policy = new ChildPolicy(
                child.name(),
                ConnectionReader.proposals(child, "esp_proposals", Proposal.ESP),
                selectors(child, "local_ts"),
                selectors(child, "remote_ts"),
                tunnel(child),
                rekey,
                rand,
                life,
                startAction(child));
        onlyIdle(child, "dpd_action", "clear", "restart");
        onlyIdle(child, "close_action", "none", "start");
        child.unsupported(UNSUPPORTED);
        child.finish();
        return policy;
    }

    private static ChildPolicy.StartAction startAction(SectionReader child) {
        String text = child.text("start_action");
        if (text == null || text.equals("none") || text.equals("clear")) {
            return ChildPolicy.StartAction.NONE;
        }
        switch (text) {
            case "start" -> {
                return ChildPolicy.StartAction.START;
            }
            case "trap", "trap|start", "start|trap", "hold", "route" ->
                child.error("start_action", "trap policies: strongSwan's, not supported yet");
            default -> child.error("start_action", "none or start was expected, not '" + text + "'");
        }
        return ChildPolicy.StartAction.NONE;
    }

    /** A key of which only the idle value is carried out. */
    private static void onlyIdle(SectionReader child, String key, String idle, String active) {
        String text = child.text(key);
        if (text == null || text.equals("none") || text.equals("clear") || text.equals(idle)) {
            return;
        }
        switch (text) {
            case "start", "restart", "trap", "hold", "route" ->
                child.error(key, text + ": strongSwan's, not supported yet");
            default -> child.error(key, idle + " or " + active + " was expected, not '" + text + "'");
        }
    }

    private static boolean tunnel(SectionReader child) {
        String mode = child.text("mode");
        if (mode == null || mode.equals("tunnel")) {
            return true;
        }
        switch (mode) {
            case "transport" -> {
                return false;
            }
            case "transport_proxy", "beet", "pass", "drop", "iptfs" ->
                child.error("mode", mode + ": strongSwan's, not supported yet");
            default -> child.error("mode", "tunnel or transport was expected, not '" + mode + "'");
        }
        return true;
    }

    private static List<SelectorPolicy> selectors(SectionReader child, String key) {
        List<SelectorPolicy> selectors = new ArrayList<>();
        for (String element : child.list(key)) {
            try {
                selectors.add(SelectorText.parse(element));
            } catch (ConfigFault e) {
                child.error(key, e.what());
            }
        }
        if (selectors.size() > SELECTOR_LIMIT) {
            child.error(key, "more than " + SELECTOR_LIMIT + " selectors");
        }
        return selectors.isEmpty() ? List.of(SelectorPolicy.DYNAMIC) : selectors;
    }
}
