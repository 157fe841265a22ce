package dev.cardinal.ike.config;

import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicies;
import dev.cardinal.ike.sa.PeerPolicy;
import java.math.BigInteger;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The connections by address: the narrower their ranges the better they match, the peer's side counting before ours; among
 * equals the order of the configuration.
 */
public final class ConfiguredPolicies implements PeerPolicies {
    /** Bits of a range that means any address: worse than a whole family. */
    private static final int ANY = 129;

    private final List<PeerPolicy> all;
    /** Connections by each single address of a peer. Filled at start only, never from what a peer sends. */
    private final Map<InetAddress, List<Integer>> bySingleAddress = new HashMap<>();
    /** Connections with a range, or for any peer. */
    private final List<Integer> others = new ArrayList<>();

    public ConfiguredPolicies(List<PeerPolicy> policies) {
        all = List.copyOf(policies);
        for (int i = 0; i < all.size(); i++) {
            boolean ranges = all.get(i).remote().isEmpty();
            for (AddressRange range : all.get(i).remote()) {
                if (range.isSingle()) {
                    bySingleAddress
                            .computeIfAbsent(range.first(), a -> new ArrayList<>())
                            .add(i);
                } else {
                    ranges = true;
                }
            }
            if (ranges) {
                others.add(i);
            }
        }
    }

    private record Candidate(int index, int remoteBits, int localBits) {}

    @Override
    public List<PeerPolicy> candidates(Path path) {
        Set<Integer> indexes = new LinkedHashSet<>(bySingleAddress.getOrDefault(path.remoteAddress(), List.of()));
        indexes.addAll(others);
        List<Candidate> found = new ArrayList<>();
        for (int index : indexes) {
            PeerPolicy policy = all.get(index);
            int remote = bits(policy.remote(), path.remoteAddress());
            int local = bits(policy.local(), path.localAddress());
            if (remote >= 0 && local >= 0) {
                found.add(new Candidate(index, remote, local));
            }
        }
        found.sort(Comparator.comparingInt(Candidate::remoteBits)
                .thenComparingInt(Candidate::localBits)
                .thenComparingInt(Candidate::index));
        return found.stream().map(c -> all.get(c.index())).toList();
    }

    /** Every connection, in order. */
    public List<PeerPolicy> all() {
        return all;
    }

    /** The size of the narrowest range with the address, as a power of two; -1 where none has it. */
    private static int bits(List<AddressRange> ranges, InetAddress address) {
        if (ranges.isEmpty()) {
            return ANY;
        }
        int best = -1;
        for (AddressRange range : ranges) {
            if (range.contains(address)) {
                int bits = new BigInteger(1, range.last().getAddress())
                        .subtract(new BigInteger(1, range.first().getAddress()))
                        .bitLength();
                best = best < 0 ? bits : Math.min(best, bits);
            }
        }
        return best;
    }
}
