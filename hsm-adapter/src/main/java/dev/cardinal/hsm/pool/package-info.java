/** One token's workers, sessions, login, keys and abilities. */
@NullMarked
package dev.cardinal.hsm.pool;

import org.jspecify.annotations.NullMarked;
