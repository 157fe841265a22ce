package dev.cardinal.ike.sim;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.Addresses;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.sa.Ikev1Policy;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SelectorPolicy;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A connection's policy in the making: a plain one unless told otherwise. */
final class Policies {
    static final long SECOND = 1_000_000_000L;
    static final KeyExchangeMethod[] NO_PFS = {};

    private final String local;
    private final String remote;
    private List<Proposal> proposals = List.of(ike(KeyExchangeMethod.CURVE_25519));
    private AuthPolicy.Method localMethod = AuthPolicy.Method.PSK;
    private AuthPolicy.Method remoteMethod = AuthPolicy.Method.PSK;
    private List<ChildPolicy> children = List.of();
    private PeerPolicy.Childless childless = PeerPolicy.Childless.ALLOW;
    private PeerPolicy.Fragmentation fragmentation = PeerPolicy.Fragmentation.YES;
    private int fragmentSize = 1280;
    private long rekeyNanos;
    private long dpdDelayNanos;
    private boolean encapsulate;
    private PeerPolicy.Uniqueness unique = PeerPolicy.Uniqueness.NO;
    private int version = 2;
    private @Nullable Ikev1Policy ikev1;
    private Ikev1Policy.RsaEncryptionCompatibility compatibility = Ikev1Policy.RsaEncryptionCompatibility.RFC;

    /** @param local our identity, an FQDN */
    Policies(String local, String remote) {
        this.local = local;
        this.remote = remote;
    }

    Policies proposals(Proposal... offered) {
        this.proposals = List.of(offered);
        return this;
    }

    Policies children(ChildPolicy... policies) {
        this.children = List.of(policies);
        return this;
    }

    Policies authenticating(AuthPolicy.Method ours, AuthPolicy.Method theirs) {
        this.localMethod = ours;
        this.remoteMethod = theirs;
        return this;
    }

    Policies childless(PeerPolicy.Childless how) {
        this.childless = how;
        return this;
    }

    Policies fragments(PeerPolicy.Fragmentation how, int size) {
        this.fragmentation = how;
        this.fragmentSize = size;
        return this;
    }

    Policies rekeyEvery(long nanos) {
        this.rekeyNanos = nanos;
        return this;
    }

    Policies dpdDelay(long nanos) {
        this.dpdDelayNanos = nanos;
        return this;
    }

    Policies encapsulate(boolean pretendNat) {
        this.encapsulate = pretendNat;
        return this;
    }

    Policies unique(PeerPolicy.Uniqueness how) {
        this.unique = how;
        return this;
    }

    /** To be said before {@link #ikev1}. */
    Policies skeyidAs(Ikev1Policy.RsaEncryptionCompatibility how) {
        this.compatibility = how;
        return this;
    }

    /** IKEv1, with the proposals that were given before. */
    Policies ikev1(boolean aggressive) {
        this.version = 1;
        this.ikev1 = new Ikev1Policy(proposals, aggressive, aggressive, compatibility, null);
        return this;
    }

    PeerPolicy build() {
        return new PeerPolicy(
                local + "-" + remote,
                version,
                List.of(),
                List.of(),
                500,
                proposals,
                new AuthPolicy(localMethod, IdentityPattern.of(fqdn(local)), List.of()),
                new AuthPolicy(remoteMethod, IdentityPattern.of(fqdn(remote)), List.of()),
                children,
                childless,
                fragmentation,
                fragmentSize,
                rekeyNanos,
                rekeyNanos / 10,
                rekeyNanos / 10,
                dpdDelayNanos,
                3 * dpdDelayNanos,
                encapsulate,
                PeerPolicy.SendCertificate.ALWAYS,
                true,
                unique,
                KeyExchangePlacement.PREFER_TOKEN,
                VirtualAddresses.NONE,
                ikev1);
    }

    static Identification fqdn(String name) {
        return new Identification(Identification.FQDN, name.getBytes(StandardCharsets.UTF_8));
    }

    /** AES-GCM-16-128 and HMAC-SHA2-256 with key exchange methods in the order of preference. */
    static Proposal ike(KeyExchangeMethod... methods) {
        List<Transform> transforms = new ArrayList<>(
                List.of(EncryptionAlgorithm.AES_GCM_16.transform(128), PseudorandomFunction.HMAC_SHA2_256.transform()));
        for (KeyExchangeMethod method : methods) {
            transforms.add(method.transform());
        }
        return new Proposal(1, Proposal.IKE, new byte[0], transforms);
    }

    /** The same with AES-CBC and an integrity algorithm of its own. */
    static Proposal ikeCbc(KeyExchangeMethod... methods) {
        List<Transform> transforms = new ArrayList<>(List.of(
                EncryptionAlgorithm.AES_CBC.transform(128),
                IntegrityAlgorithm.HMAC_SHA2_256_128.transform(),
                PseudorandomFunction.HMAC_SHA2_256.transform()));
        for (KeyExchangeMethod method : methods) {
            transforms.add(method.transform());
        }
        return new Proposal(1, Proposal.IKE, new byte[0], transforms);
    }

    /** AES-GCM-16-128, without extended sequence numbers, with PFS where a method is named. */
    static Proposal esp(KeyExchangeMethod... methods) {
        List<Transform> transforms = new ArrayList<>(List.of(EncryptionAlgorithm.AES_GCM_16.transform(128)));
        for (KeyExchangeMethod method : methods) {
            transforms.add(method.transform());
        }
        transforms.add(new Transform(Transform.SEQUENCE_NUMBERS, 0, 0));
        return new Proposal(1, Proposal.ESP, new byte[0], transforms);
    }

    /** A tunnel between two networks, such as {@code 10.1.0.0/16}. */
    static ChildPolicy child(String name, String local, String remote, Proposal... proposals) {
        return child(name, local, remote, 0, proposals);
    }

    /** @param rekeyNanos soft lifetime, 0 for ever */
    static ChildPolicy child(String name, String local, String remote, long rekeyNanos, Proposal... proposals) {
        return new ChildPolicy(
                name,
                List.of(proposals),
                List.of(selector(local)),
                List.of(selector(remote)),
                true,
                rekeyNanos,
                rekeyNanos / 10,
                rekeyNanos + rekeyNanos / 10,
                ChildPolicy.StartAction.NONE);
    }

    private static SelectorPolicy selector(String network) {
        String[] parts = network.split("/", 2);
        return new SelectorPolicy(AddressRange.of(address(parts[0]), Integer.parseInt(parts[1])), 0, 0, 65535);
    }

    /** A dotted quad. */
    static InetAddress address(String dotted) {
        byte[] octets = new byte[4];
        String[] parts = dotted.split("\\.", 4);
        for (int i = 0; i < 4; i++) {
            octets[i] = (byte) Integer.parseInt(parts[i]);
        }
        return Addresses.of(octets);
    }
}
