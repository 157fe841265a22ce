/** What IKEv1 and IKEv2 share: the SA's events and effects, policies, negotiation. No sockets, threads, clocks, loggers. */
@NullMarked
package dev.cardinal.ike.sa;

import org.jspecify.annotations.NullMarked;
