package org.cosellbridge.queue;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a connection is doing.
 *
 * @param id its name
 * @param name its name
 * @param type {@code dynamics} or {@code salesforce}
 * @param state {@code running}; {@code paused} by a person or a broken set-up; {@code waiting} for a time a remote system asked for
 * @param system which system pauses or waits: the connection's name, or {@code partner-center}; null when running
 * @param pausedReason why it is paused; null when it is not
 * @param pausedBy {@code user:<name>}, or {@code system} for a broken set-up, which resumes by itself; null when not paused
 * @param pausedAt since when; null when not paused
 * @param notBefore until when it waits; null when it does not
 * @param waiting requests that will run by themselves, now or later
 * @param due of these, that could run now
 * @param running attempts that run
 * @param deadLetters requests that wait for a person
 * @param oldestDue since when the oldest due request has been wanted; null when none is due
 * @param oldestDueSeconds the same as an age
 */
public record ConnectionStatus(
        String id,
        String name,
        String type,
        String state,
        @Nullable String system,
        @Nullable String pausedReason,
        @Nullable String pausedBy,
        @Nullable Instant pausedAt,
        @Nullable Instant notBefore,
        long waiting,
        long due,
        long running,
        long deadLetters,
        @Nullable Instant oldestDue,
        @Nullable Long oldestDueSeconds) {}
