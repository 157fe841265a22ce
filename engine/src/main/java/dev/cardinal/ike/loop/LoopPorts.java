package dev.cardinal.ike.loop;

import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.IkeKeyObserver;
import dev.cardinal.ike.sa.PeerPolicies;
import dev.cardinal.ike.sa.SadPort;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a group of loops works with. Everything but the random sources is shared by the loops, so it must bear calls from
 * several threads.
 *
 * @param randoms makes a source for each loop
 * @param keyObserver the debug key log, null where it is off
 */
public record LoopPorts(
        Supplier<RandomSource> randoms,
        CryptoPort crypto,
        SadPort sad,
        PeerPolicies policies,
        Credentials credentials,
        AddressPools pools,
        NoticeSink notices,
        SaFactory factory,
        @Nullable IkeKeyObserver keyObserver) {}
