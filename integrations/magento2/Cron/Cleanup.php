<?php
declare(strict_types=1);

namespace Idealo\Connector\Cron;

use Idealo\Connector\Model\OutboxTable;
use Magento\Framework\Stdlib\DateTime\DateTime;

/**
 * Forgets webhooks that were sent a week ago, or given up two months ago.
 */
class Cleanup
{
    public function __construct(private readonly OutboxTable $table, private readonly DateTime $clock)
    {
    }

    public function execute(): void
    {
        $this->table->cleanUp((int) $this->clock->gmtTimestamp());
    }
}
