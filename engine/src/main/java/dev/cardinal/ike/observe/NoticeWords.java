package dev.cardinal.ike.observe;

import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.wire.TrafficSelector;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/** The words of the log: one line a notice. */
final class NoticeWords {
    private static final HexFormat HEX = HexFormat.of();

    private NoticeWords() {}

    static String of(SaNotice notice) {
        return subject(notice.subject()) + words(notice);
    }

    private static String words(SaNotice notice) {
        return switch (notice) {
            case SaNotice.HandshakeBegun begun -> (begun.initiator() ? "initiating " : "peer initiates ") + begun.how();
            case SaNotice.IkeEstablished established ->
                "IKE SA established between '" + OperatorText.of(established.localId()) + "' and '"
                        + OperatorText.of(established.remoteId()) + "', IKEv" + established.version() + ", "
                        + established.proposal() + ", "
                        + established.authentication() + ", " + milliseconds(established.durationNanos());
            case SaNotice.IkeRekeyed rekeyed ->
                "IKE SA rekeyed " + (rekeyed.initiator() ? "by us" : "by the peer") + " to SPI "
                        + HEX.toHexDigits(rekeyed.successorSpi()) + ", " + rekeyed.proposal();
            case SaNotice.IkeClosed closed ->
                "IKE SA closed (" + closed.reason() + "): " + OperatorText.clean(closed.why());
            case SaNotice.ChildEstablished established ->
                (established.rekey() ? "Child SA rekeyed: " : "Child SA established: ") + child(established.child());
            case SaNotice.ChildRemoved removed ->
                "Child SA removed: " + child(removed.child()) + ": " + OperatorText.clean(removed.why());
            case SaNotice.ChildFailed failed ->
                "Child SA " + failed.name() + " failed: " + OperatorText.clean(failed.why());
            case SaNotice.AuthenticationFailed failed ->
                "authentication of '" + OperatorText.of(failed.remoteId()) + "' failed: "
                        + OperatorText.clean(failed.why());
            case SaNotice.MessageRejected rejected -> "message rejected: " + OperatorText.clean(rejected.why());
            case SaNotice.BackendFailed failed -> "back end failed: " + OperatorText.clean(failed.why());
            case SaNotice.Retransmitted retransmitted ->
                "message " + Integer.toUnsignedString(retransmitted.messageId()) + " sent again, time "
                        + retransmitted.count();
            case SaNotice.AddressesAssigned assigned ->
                (assigned.ours() ? "virtual addresses from the peer: " : "virtual addresses for the peer: ")
                        + addresses(assigned.addresses())
                        + (assigned.dns().isEmpty() ? "" : ", DNS " + addresses(assigned.dns()));
            case SaNotice.PathChanged changed ->
                "path changed from " + OperatorText.of(changed.before()) + " to " + OperatorText.of(changed.after());
            case SaNotice.Collision collision -> "two rekeys met: " + OperatorText.clean(collision.outcome());
            case SaNotice.InternalError error -> "internal error, please report: " + OperatorText.clean(error.what());
        };
    }

    private static String subject(SaNotice.Subject subject) {
        String connection = subject.connection() == null ? "?" : subject.connection();
        return connection + "[" + subject.serial() + "] " + HEX.toHexDigits(subject.ownSpi()) + " "
                + OperatorText.of(subject.path()) + " ";
    }

    private static String child(ChildSa child) {
        return child.name() + "{" + child.serial() + "} SPIs " + HEX.toHexDigits(child.inboundSpi()) + "_i "
                + HEX.toHexDigits(child.outboundSpi()) + "_o, " + child.suite().listing() + ", TS "
                + selectors(child.local()) + " === " + selectors(child.remote());
    }

    private static String selectors(List<TrafficSelector> selectors) {
        return selectors.stream().map(OperatorText::of).collect(Collectors.joining(" "));
    }

    private static String addresses(List<InetAddress> addresses) {
        return addresses.stream().map(NetUtil::toAddressString).collect(Collectors.joining(" "));
    }

    private static String milliseconds(long nanos) {
        return nanos / 1_000_000 + " ms";
    }
}
