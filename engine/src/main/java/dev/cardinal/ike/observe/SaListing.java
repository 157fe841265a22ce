package dev.cardinal.ike.observe;

import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.wire.TrafficSelector;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/** IKE SAs the way {@code swanctl --list-sas} prints them. */
public final class SaListing {
    private static final HexFormat HEX = HexFormat.of();
    private static final long SECOND = 1_000_000_000L;

    private SaListing() {}

    /** All of them, each with its Child SAs; ends with a line break unless empty. */
    public static String of(List<SaSnapshot> sas) {
        return sas.stream().map(SaListing::of).collect(Collectors.joining());
    }

    /** One, with its Child SAs. */
    public static String of(SaSnapshot sa) {
        StringBuilder text = new StringBuilder();
        String name = sa.connection() == null ? "(unnamed)" : sa.connection();
        text.append(name).append(": #").append(sa.serial()).append(", ").append(sa.state());
        text.append(", IKEv")
                .append(sa.version())
                .append(", ")
                .append(HEX.toHexDigits(sa.initiatorSpi()))
                .append(sa.initiator() ? "_i* " : "_i ");
        text.append(HEX.toHexDigits(sa.responderSpi())).append(sa.initiator() ? "_r\n" : "_r*\n");
        text.append("  local  '").append(OperatorText.of(sa.localId())).append("' @ ");
        text.append(OperatorText.of(sa.path().local())).append('\n');
        text.append("  remote '").append(OperatorText.of(sa.remoteId())).append("' @ ");
        text.append(OperatorText.of(sa.path().remote())).append('\n');
        if (!sa.proposal().isEmpty()) {
            text.append("  ").append(sa.proposal()).append('\n');
        }
        if (sa.establishedNanos() >= 0) {
            text.append("  established ").append(sa.establishedNanos() / SECOND).append("s ago");
            if (sa.rekeyInNanos() >= 0) {
                text.append(", rekeying in ").append(sa.rekeyInNanos() / SECOND).append('s');
            }
            text.append('\n');
        }
        sa.children().forEach(child -> append(text, child));
        return text.toString();
    }

    private static void append(StringBuilder text, SaSnapshot.Child child) {
        text.append("  ")
                .append(child.name())
                .append(": #")
                .append(child.serial())
                .append(", reqid ")
                .append(child.reqid())
                .append(", INSTALLED, ");
        text.append(child.tunnel() ? "TUNNEL" : "TRANSPORT");
        text.append(child.udpEncapsulated() ? "-in-UDP, ESP:" : ", ESP:")
                .append(child.proposal())
                .append('\n');
        text.append("    installed ").append(child.installedNanos() / SECOND).append("s ago");
        if (child.rekeyInNanos() >= 0) {
            text.append(", rekeying in ").append(child.rekeyInNanos() / SECOND).append('s');
        }
        text.append('\n');
        text.append("    in  ").append(HEX.toHexDigits(child.inboundSpi())).append('\n');
        text.append("    out ").append(HEX.toHexDigits(child.outboundSpi())).append('\n');
        text.append("    local  ").append(selectors(child.local())).append('\n');
        text.append("    remote ").append(selectors(child.remote())).append('\n');
    }

    private static String selectors(List<TrafficSelector> selectors) {
        return selectors.stream().map(OperatorText::of).collect(Collectors.joining(" "));
    }
}
