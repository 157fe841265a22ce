/** Sockets: datagrams in and out, on the thread of one event loop. */
@NullMarked
package dev.cardinal.ike.net;

import org.jspecify.annotations.NullMarked;
