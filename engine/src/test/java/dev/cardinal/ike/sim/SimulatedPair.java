package dev.cardinal.ike.sim;

import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.DepartureGrid;
import dev.cardinal.ike.sa.PeerPolicies;
import dev.cardinal.ike.sa.SaEnvironment;
import dev.cardinal.ike.sa.SaSettings;
import java.net.InetAddress;
import java.util.random.RandomGenerator;

/** Two ends with all that is theirs, in one virtual time. */
final class SimulatedPair {
    static final int PORT = 500;
    static final int PORT_NAT_T = 4500;

    /** What an end is configured with. */
    record Configuration(PeerPolicies policies, Credentials credentials, SaSettings settings, AddressPools pools) {
        Configuration(PeerPolicies policies, Credentials credentials, SaSettings settings) {
            this(policies, credentials, settings, AddressPools.NONE);
        }
    }

    final VirtualTime time;
    final Trace trace;
    final Wiretap wiretap;
    final SimulatedHost alice;
    final SimulatedHost bob;

    /** @param random decides everything that is not decided by the ends themselves */
    SimulatedPair(
            VirtualTime time,
            Trace trace,
            RandomGenerator random,
            SymmetricCrypto symmetric,
            SaFactory factory,
            Configuration alice,
            Configuration bob,
            SimulatedHost.Wire wire) {
        this.time = time;
        this.trace = trace;
        this.wiretap = new Wiretap(symmetric, random::nextBytes);
        this.alice = host("alice", Policies.address("192.0.2.1"), random, symmetric, factory, alice, wire);
        this.bob = host("bob", Policies.address("198.51.100.2"), random, symmetric, factory, bob, wire);
        this.alice.sad().face(this.bob.sad());
        this.bob.sad().face(this.alice.sad());
    }

    SimulatedHost other(SimulatedHost host) {
        return host == alice ? bob : alice;
    }

    private SimulatedHost host(
            String name,
            InetAddress address,
            RandomGenerator random,
            SymmetricCrypto symmetric,
            SaFactory factory,
            Configuration configuration,
            SimulatedHost.Wire wire) {
        SaEnvironment environment = new SaEnvironment(
                random::nextBytes,
                symmetric,
                configuration.policies(),
                configuration.credentials(),
                configuration.pools(),
                new SimulatedSpis(random),
                local -> PORT_NAT_T,
                configuration.settings(),
                new DepartureGrid(configuration.settings().decryptionGridNanos()),
                null);
        return new SimulatedHost(
                name,
                address,
                time,
                trace,
                new SimulatedToken(time, random, symmetric),
                new SimulatedSad(time),
                environment,
                factory,
                wire);
    }
}
