package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.RecordRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SeenVersionsTest {
    private static final ConnectionName CRM = RecordFeedFixture.CRM;
    private static final RecordRef RECORD = new RecordRef("opportunity", "o-1");
    private final RecordFeedFixture fixture = new RecordFeedFixture();
    private final SeenVersions seen = fixture.seen;

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void knowsTheVersionNotedLastAndNoOther() {
        assertThat(seen.isSeen(CRM, RECORD, "v1")).isFalse();

        fixture.seen("o-1", "v1");
        assertThat(seen.isSeen(CRM, RECORD, "v1")).isTrue();
        assertThat(seen.isSeen(CRM, new RecordRef("lead", "o-1"), "v1")).isFalse();
        assertThat(seen.isSeen(new ConnectionName("other"), RECORD, "v1")).isFalse();

        fixture.seen("o-1", "v2");
        assertThat(seen.isSeen(CRM, RECORD, "v1")).isFalse();
        assertThat(seen.isSeen(CRM, RECORD, "v2")).isTrue();
    }

    @Test
    void anEmptyVersionIsNeverSeen() {
        fixture.seen("o-1", "");

        assertThat(seen.isSeen(CRM, RECORD, "")).isFalse();
    }

    @Test
    void listsTheVersionsOfManyRecords() {
        fixture.seen("o-1", "v1");
        fixture.seen("o-2", "v2");
        fixture.seen("o-3", "v3");

        assertThat(seen.listVersions(CRM, "opportunity", List.of("o-1", "o-3", "o-4")))
                .isEqualTo(Map.of("o-1", "v1", "o-3", "v3"));
        assertThat(seen.listVersions(CRM, "opportunity", List.of())).isEmpty();
    }

    @Test
    void aNoteIsGoneWithItsTransaction() {
        assertThatThrownBy(() -> fixture.transaction(() -> {
                    seen.note(CRM, RECORD, "v1");
                    throw new IllegalStateException("no");
                }))
                .hasMessage("no");

        assertThat(seen.isSeen(CRM, RECORD, "v1")).isFalse();
    }

    @Test
    void whoComesSecondToANewRecordWaitsForTheFirst() throws Exception {
        CountDownLatch noted = new CountDownLatch(1);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            Future<?> second = threads.submit(() -> {
                noted.await();
                fixture.seen("o-1", "second");
                return null;
            });
            Future<?> first = threads.submit(() -> fixture.transaction(() -> {
                seen.note(CRM, RECORD, "first");
                noted.countDown();
            }));
            first.get(30, TimeUnit.SECONDS);
            second.get(30, TimeUnit.SECONDS);
        } finally {
            threads.shutdownNow();
        }

        assertThat(seen.isSeen(CRM, RECORD, "second")).isTrue();
    }

    @Test
    void manyWhoNoteAtOnceAllGetThrough() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            List<Future<?>> notes = new ArrayList<>();
            for (int i = 0; i < 120; i++) {
                int number = i;
                notes.add(threads.submit(() -> fixture.seen("o-" + number % 4, "v" + number)));
            }
            for (Future<?> note : notes) {
                note.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(seen.listVersions(CRM, "opportunity", List.of("o-0", "o-1", "o-2", "o-3")))
                .hasSize(4);
    }
}
