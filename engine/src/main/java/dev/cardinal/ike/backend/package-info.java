/** Where the work of the crypto port is done: the host's own device, tokens, and the routing between them. */
@NullMarked
package dev.cardinal.ike.backend;

import org.jspecify.annotations.NullMarked;
