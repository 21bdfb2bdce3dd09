<?php
declare(strict_types=1);

namespace Idealo\Connector\Cron;

use Idealo\Connector\Model\Sender;
use Magento\Framework\Lock\LockManagerInterface;

/**
 * Sends what waits, one run at a time.
 */
class Send
{
    private const LOCK = 'idealo_connector_send';

    public function __construct(private readonly Sender $sender, private readonly LockManagerInterface $locks)
    {
    }

    public function execute(): void
    {
        if (!$this->locks->lock(self::LOCK, 0)) {
            return;
        }
        try {
            $this->sender->sendDue();
        } finally {
            $this->locks->unlock(self::LOCK);
        }
    }
}
