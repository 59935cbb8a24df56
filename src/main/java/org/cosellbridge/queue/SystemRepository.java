package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Keeps {@link SystemState}. Every method joins the caller's transaction. */
@Singleton
class SystemRepository {
    private static final String COLUMNS =
            "system, paused, paused_by, paused_reason, paused_at, probe_at, not_before, failures, full_until,"
                    + " full_rank";

    private final Sql sql;

    @Inject
    SystemRepository(Sql sql) {
        this.sql = sql;
    }

    /** The state, locked until the transaction ends. */
    SystemState lock(String system) {
        // an update and no "select for update": it takes the lock on every provider, whichever connection that reads
        // with
        String turn = "update connection_state set turns = turns + 1 where system = ?";
        if (sql.update(turn, system) == 0) {
            int ignored = sql.update(
                    "insert into connection_state (system, turns, paused, failures) values (?, 0, false, 0)"
                            + " on conflict do nothing",
                    system);
            if (sql.update(turn, system) == 0) {
                throw new IllegalStateException("The state of " + system + " could not be stored.");
            }
        }
        return state(system);
    }

    /** The state, not locked. */
    SystemState state(String system) {
        return sql.findFirst("select " + COLUMNS + " from connection_state where system = ?", system)
                .map(SystemRepository::read)
                .orElse(SystemState.fresh(system));
    }

    /** Every state that was ever stored. */
    List<SystemState> listStates() {
        return sql.list("select " + COLUMNS + " from connection_state").stream()
                .map(SystemRepository::read)
                .toList();
    }

    private static SystemState read(Sql.Row row) {
        return new SystemState(
                row.text(0),
                row.flag(1),
                row.textOrNull(2),
                row.textOrNull(3),
                row.timeOrNull(4),
                row.timeOrNull(5),
                row.timeOrNull(6),
                (int) row.number(7),
                row.timeOrNull(8),
                (int) row.number(9));
    }

    /** Moves the next probe, if one is due; true for the one caller who may make it. */
    boolean takeProbe(String system, Instant now, Instant next) {
        return sql.update(
                        "update connection_state set probe_at = ? where system = ? and paused and probe_at <= ?",
                        next,
                        system,
                        now)
                == 1;
    }

    /** Pauses because the set-up does not work; false when it is paused already. The row must be there. */
    boolean pauseForSetup(String system, String reason, Instant now, Instant probeAt) {
        return sql.update(
                        "update connection_state set paused = true, paused_by = ?, paused_reason = ?, paused_at = ?,"
                                + " probe_at = ? where system = ? and not paused",
                        SystemState.BY_SETUP,
                        reason,
                        now,
                        probeAt,
                        system)
                == 1;
    }

    /** Pauses for a person, whatever it was before. The row must be there. */
    void pauseForPerson(String system, String actor, String reason, Instant now) {
        int ignored = sql.update(
                "update connection_state set paused = true, paused_by = ?, paused_reason = ?, paused_at = ?,"
                        + " probe_at = null where system = ?",
                actor,
                reason,
                now,
                system);
    }

    /** Ends any pause that was not asked for by the system itself; false when there was none. */
    boolean resume(String system) {
        return sql.update(RESUME + " where system = ? and paused", system) == 1;
    }

    /** Ends a pause that a broken set-up began; false when there was none, or a person's. */
    boolean resumeAfterProbe(String system) {
        return sql.update(RESUME + " where system = ? and paused and paused_by = ?", system, SystemState.BY_SETUP) == 1;
    }

    private static final String RESUME = "update connection_state set paused = false, paused_by = null,"
            + " paused_reason = null, paused_at = null, probe_at = null";

    /** Notes that the whole system failed once more and is to be left alone until then; never shortens a pause. */
    void failed(String system, Instant until) {
        int ignored = sql.update(
                "update connection_state set failures = failures + 1,"
                        + " not_before = case when not_before is not null and not_before > ? then not_before else ? end"
                        + " where system = ?",
                until,
                until,
                system);
    }

    /** Notes that our own limit leaves no call to anybody until then; never shortens a pause. */
    void full(String system, Instant until) {
        int ignored = sql.update(
                "update connection_state set"
                        + " not_before = case when not_before is not null and not_before > ? then not_before else ? end"
                        + " where system = ?",
                until,
                until,
                system);
    }

    /** Notes that our own limit leaves no call to requests of this rank and lower need until then. */
    void full(String system, int rank, Instant until, Instant now) {
        int ignored = sql.update(
                "update connection_state set"
                        + " full_rank = case when full_until > ? and full_rank < ? then full_rank else ? end,"
                        + " full_until = case when full_until > ? then full_until else ? end where system = ?",
                now,
                rank,
                rank,
                until,
                until,
                system);
    }

    /** Lets the next request try at once whether a broken set-up was mended. */
    void probeAgain(String system, Instant now) {
        int ignored = sql.update(
                "update connection_state set probe_at = ? where system = ? and paused and probe_at is not null",
                now,
                system);
    }

    /** Notes that the system answers again. */
    void answered(String system) {
        int ignored = sql.update("update connection_state set failures = 0 where system = ? and failures > 0", system);
    }

    /** The state in a list of states; a fresh one when it is not there. */
    static SystemState in(List<SystemState> states, String system) {
        Optional<SystemState> found =
                states.stream().filter(state -> state.system().equals(system)).findFirst();
        return found.orElse(SystemState.fresh(system));
    }
}
