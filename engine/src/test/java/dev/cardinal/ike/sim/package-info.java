/** Two ends of IKE in virtual time: a network, tokens and SADs that misbehave by a seed, and conversations step by step. */
@NullMarked
package dev.cardinal.ike.sim;

import org.jspecify.annotations.NullMarked;
