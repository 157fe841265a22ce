/** PKCS#11 tokens behind one asynchronous, batched interface. */
@NullMarked
package dev.cardinal.hsm;

import org.jspecify.annotations.NullMarked;
