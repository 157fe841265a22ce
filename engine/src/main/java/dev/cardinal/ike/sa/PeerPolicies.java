package dev.cardinal.ike.sa;

import java.util.List;

/** The connections of the configuration. Immutable. */
@FunctionalInterface
public interface PeerPolicies {

    /** The connections that a peer on this path may mean, best match of the addresses first. */
    List<PeerPolicy> candidates(Path path);
}
