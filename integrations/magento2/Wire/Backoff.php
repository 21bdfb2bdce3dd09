<?php
declare(strict_types=1);

namespace Idealo\Connector\Wire;

/**
 * Says when a webhook is tried again, and when it is given up. Knows nothing of Magento.
 */
final class Backoff
{
    /** Seconds until the first attempt: by then the transaction that wrote the row is through. */
    public const FIRST_DELAY = 10;
    private const WAITS = [60, 300, 900, 3600, 21600, 86400];
    private const GONE = 410;

    /**
     * Seconds to wait after the nth failed attempt, counted from 1; null when it is given up.
     */
    public function wait(int $attempts): ?int
    {
        return self::WAITS[max($attempts, 1) - 1] ?? null;
    }

    /**
     * Whether an answer took the delivery; 0 stands for none.
     */
    public function delivered(int $status): bool
    {
        return $status >= 200 && $status < 300;
    }

    /**
     * Whether the receiver wants nothing more from this shop.
     */
    public function unwanted(int $status): bool
    {
        return $status === self::GONE;
    }
}
