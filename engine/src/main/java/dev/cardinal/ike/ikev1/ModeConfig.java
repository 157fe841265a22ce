package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.sa.Addresses;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.sa.XauthPolicy;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IsakmpAttribute;
import dev.cardinal.ike.wire.IsakmpPayload.Attributes;
import dev.cardinal.ike.wire.Payload;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Mode Config (draft-dukes-ike-mode-cfg-02): addresses inside the tunnel. Who wants one asks for it before its first quick
 * mode (pull); or the other side gives it unasked (push), which is accepted and not done.
 *
 * <pre>
 *   REQUEST(INTERNAL_IP4_ADDRESS, INTERNAL_IP4_DNS, ...)  -->
 *                    <--  REPLY(INTERNAL_IP4_ADDRESS = ..., INTERNAL_IP4_DNS = ..., ...)
 * or
 *                    <--  SET(INTERNAL_IP4_ADDRESS = ..., ...)
 *   ACK(INTERNAL_IP4_ADDRESS, ...)  -->
 * </pre>
 */
final class ModeConfig implements TransactionExchange.Asker {
    static final int IP4_ADDRESS = 1;
    static final int IP4_NETMASK = 2;
    static final int IP4_DNS = 3;
    static final int IP6_ADDRESS = 8;
    static final int IP6_DNS = 10;

    /** From here on the numbers are Cisco's, who alone know what they mean. */
    private static final int CISCO = 28672;

    private static final int IP4_LENGTH = 4;
    private static final int IP6_LENGTH = 16;

    /** DNS servers of one answer. */
    private static final int DNS_LIMIT = 8;

    private static final byte[] NOTHING = {};

    private final Ikev1Sa sa;

    /** Our question under way. */
    private @Nullable Conversation pulling;

    ModeConfig(Ikev1Sa sa) {
        this.sa = sa;
    }

    // ------------------------------------------------------------------------------------------------ who asks

    /** Whether an answer is awaited, without which there is no address for a Child SA. */
    boolean isPulling() {
        return pulling != null;
    }

    /** The SA is established: asks for addresses where some are wanted. */
    void begin() {
        List<InetAddress> wanted = wanted();
        if (wanted.isEmpty()) {
            return;
        }
        // what a predecessor has is what its Child SAs use
        List<InetAddress> held = new ArrayList<>(sa.inner.own());
        List<IsakmpAttribute> attributes = new ArrayList<>();
        Set<Integer> besides = new LinkedHashSet<>();
        for (InetAddress address : wanted) {
            boolean four = address instanceof Inet4Address;
            InetAddress before = held.stream()
                    .filter(each -> each instanceof Inet4Address == four)
                    .findFirst()
                    .orElse(address);
            held.remove(before);
            attributes.add(IsakmpAttribute.of(
                    four ? IP4_ADDRESS : IP6_ADDRESS, before.isAnyLocalAddress() ? NOTHING : before.getAddress()));
            besides.addAll(four ? List.of(IP4_NETMASK, IP4_DNS) : List.of(IP6_DNS));
        }
        besides.forEach(type -> attributes.add(IsakmpAttribute.of(type, NOTHING)));
        Attributes question = new Attributes(Attributes.REQUEST, (int) sa.random(0x10000), attributes);
        pulling = TransactionExchange.Initiator.begin(sa, question, this);
        if (pulling == null) {
            sa.close(CloseReason.FAILED, "too many exchanges before Mode Config");
        }
    }

    /** {@code vips}, where it is for us to ask: a client begins phase 1, or is the one with the password. */
    private List<InetAddress> wanted() {
        XauthPolicy xauth = Ikev1Sa.required(sa.requirePolicy().ikev1()).xauth();
        boolean client = xauth == null ? sa.initiator : xauth instanceof XauthPolicy.Answering;
        return client ? sa.requirePolicy().virtualAddresses().requested() : List.of();
    }

    @Override
    public void onAnswer(Attributes answer) {
        List<InetAddress> before = sa.inner.own();
        pulling = null;
        if (take(answer).isEmpty()) {
            Informational.deleteIsakmp(sa);
            sa.close(CloseReason.FAILED, "the peer has no virtual address for us");
        } else {
            settle(before);
        }
    }

    private void settle(List<InetAddress> before) {
        List<InetAddress> gone = new ArrayList<>(before);
        gone.removeAll(sa.inner.own());
        sa.onConfigured(gone);
    }

    /**
     * The peer gives addresses unasked.
     *
     * @return what of it is taken: nothing where we want none, or have some
     */
    TransactionExchange.Answer onPush(Attributes given) {
        List<InetAddress> before = sa.inner.own();
        List<Integer> taken = pulling == null ? List.of() : take(given);
        return new TransactionExchange.Answer(
                taken.stream().map(type -> IsakmpAttribute.of(type, NOTHING)).toList(), () -> {
                    Conversation question = pulling;
                    if (question != null && !taken.isEmpty()) {
                        pulling = null;
                        sa.end(question);
                        settle(before);
                    }
                });
    }

    /** Takes as many addresses of each family as are wanted. @return types of what was taken; empty without any address */
    private List<Integer> take(Attributes given) {
        List<InetAddress> wanted = wanted();
        List<InetAddress> addresses = new ArrayList<>();
        List<InetAddress> dns = new ArrayList<>();
        List<Integer> taken = new ArrayList<>();
        for (IsakmpAttribute attribute : given.attributes()) {
            InetAddress address = address(attribute);
            if (address == null || address.isAnyLocalAddress() || address.isMulticastAddress()) {
                continue;
            }
            boolean isDns = attribute.type() == IP4_DNS || attribute.type() == IP6_DNS;
            List<InetAddress> all = isDns ? dns : addresses;
            long limit = isDns
                    ? DNS_LIMIT
                    : wanted.stream()
                            .filter(each -> each.getClass() == address.getClass())
                            .count();
            long before = all.stream()
                    .filter(each -> isDns || each.getClass() == address.getClass())
                    .count();
            if (before < limit && !all.contains(address)) {
                all.add(address);
                taken.add(attribute.type());
            }
        }
        if (addresses.isEmpty()) {
            return List.of();
        }
        sa.inner.setOwn(addresses);
        sa.report(new SaNotice.AddressesAssigned(sa.subject(), true, addresses, dns));
        return taken;
    }

    /** The address of an attribute that holds one; null for any other. */
    private static @Nullable InetAddress address(IsakmpAttribute attribute) {
        int length = attribute.value().length;
        return switch (attribute.type()) {
            case IP4_ADDRESS, IP4_DNS -> length == IP4_LENGTH ? Addresses.of(attribute.value()) : null;
            // a prefix length follows where the peer goes by RFC 7296
            case IP6_ADDRESS -> length == IP6_LENGTH || length == IP6_LENGTH + 1 ? six(attribute) : null;
            case IP6_DNS -> length == IP6_LENGTH ? six(attribute) : null;
            default -> null;
        };
    }

    /** Null for an IPv4 address in disguise. */
    private static @Nullable InetAddress six(IsakmpAttribute attribute) {
        InetAddress address = Addresses.of(Arrays.copyOf(attribute.value(), IP6_LENGTH));
        return address instanceof Inet4Address ? null : address;
    }

    // ------------------------------------------------------------------------------------------------ who is asked

    /** The peer asks for addresses: it gets what the pools have, which may be nothing. */
    TransactionExchange.Answer onRequest(Attributes question) {
        VirtualAddresses configured = sa.requirePolicy().virtualAddresses();
        Identification peer = Ikev1Sa.required(sa.remoteId);
        int leasedBefore = sa.inner.leased().size();
        List<IsakmpAttribute> attributes = new ArrayList<>();
        Set<String> pools = new LinkedHashSet<>();
        int[] asked = new int[2];
        for (IsakmpAttribute attribute : question.attributes()) {
            boolean four = attribute.type() == IP4_ADDRESS;
            if (!four && attribute.type() != IP6_ADDRESS) {
                continue;
            }
            InetAddress named = address(attribute);
            InetAddress wanted = named != null ? named : Addresses.of(new byte[four ? IP4_LENGTH : IP6_LENGTH]);
            InnerAddresses.Lease lease = sa.inner.lease(configured.pools(), peer, wanted, asked[four ? 0 : 1]++);
            if (lease != null) {
                attributes.add(
                        IsakmpAttribute.of(attribute.type(), lease.address().getAddress()));
                pools.add(lease.pool());
            }
        }
        for (String pool : pools) {
            for (Payload.Configuration.Attribute besides :
                    sa.environment.pools().attributes(pool)) {
                if (besides.type() < CISCO || sa.peer.ciscoUnity()) {
                    attributes.add(IsakmpAttribute.of(besides.type(), besides.value()));
                }
            }
        }
        List<InetAddress> leased = sa.inner.leased();
        if (leased.size() > leasedBefore) {
            sa.report(new SaNotice.AddressesAssigned(sa.subject(), false, leased, List.of()));
        }
        return new TransactionExchange.Answer(attributes, () -> {});
    }
}
