package dev.cardinal.bench.gateway;

import dev.cardinal.bench.load.GatewayPki;
import dev.cardinal.bench.load.Suite;
import java.net.InetAddress;
import java.nio.file.Path;

/**
 * What a gateway under test shall be.
 *
 * @param key where its private key lies; without meaning for a pre-shared key
 * @param child whether clients ask for a Child SA; else IKE SAs are childless (RFC 6023)
 * @param pki certifies the gateway's key and knows the clients' authority and the pre-shared key
 * @param folder the gateway's own, empty; configuration, keys and tokens are made in it
 * @param address on which it listens
 * @param port IKE's; 0 lets the system choose, where the gateway can
 * @param core the processor it is pinned to, negative for none
 * @param heapMegabytes of a JVM; without meaning for others
 */
public record GatewayOrder(
        Suite suite,
        KeyPlace key,
        boolean child,
        GatewayPki pki,
        Path folder,
        InetAddress address,
        int port,
        int core,
        int heapMegabytes) {}
