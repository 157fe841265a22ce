package dev.cardinal.ike.loop;

import dev.cardinal.ike.sa.SaNotice;
import org.jspecify.annotations.Nullable;

/**
 * What an order to initiate came to.
 *
 * @param ownSpi of the IKE SA, for further orders
 * @param child null where none was asked for
 */
public record Initiated(long ownSpi, SaNotice.IkeEstablished ike, SaNotice.@Nullable ChildEstablished child) {}
