<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Idealo\Connector\Wire\Backoff;
use Magento\Framework\App\ResourceConnection;
use Magento\Framework\DB\Adapter\AdapterInterface;

/**
 * The outbox in the database. It lives on the connection of the orders, so a row goes when their transaction does.
 */
class OutboxTable
{
    private const NAME = 'idealo_connector_outbox';
    private const DAY = 86400;

    public function __construct(private readonly ResourceConnection $resource)
    {
    }

    public function add(string $delivery, string $event, string $body, int $now): void
    {
        $this->connection()->insert($this->name(), [
            'delivery' => $delivery,
            'event' => $event,
            'body' => $body,
            'next_attempt_at' => $now + Backoff::FIRST_DELAY,
            'created_at' => $now,
        ]);
    }

    /**
     * @return array<int, array<string, mixed>> rows whose time has come, oldest first
     */
    public function due(int $now, int $limit): array
    {
        $select = $this->connection()->select()->from($this->name())
            ->where('status = ?', 'waiting')->where('next_attempt_at <= ?', $now)->order('id')->limit($limit);
        return $this->connection()->fetchAll($select);
    }

    public function settle(int $id, string $status, int $attempts, int $nextAttemptAt, string $answer): void
    {
        $row = [
            'status' => $status,
            'attempts' => $attempts,
            'next_attempt_at' => $nextAttemptAt,
            'last_answer' => mb_substr($answer, 0, 255),
        ];
        $this->connection()->update($this->name(), $row, ['id = ?' => $id]);
    }

    public function count(string $status): int
    {
        $select = $this->connection()->select()->from($this->name(), ['n' => new \Zend_Db_Expr('COUNT(*)')]);
        return (int) $this->connection()->fetchOne($select->where('status = ?', $status));
    }

    public function cleanUp(int $now): void
    {
        $sent = ['status = ?' => 'sent', 'created_at < ?' => $now - 7 * self::DAY];
        $dead = ['status = ?' => 'dead', 'created_at < ?' => $now - 60 * self::DAY];
        $this->connection()->delete($this->name(), $sent);
        $this->connection()->delete($this->name(), $dead);
    }

    private function connection(): AdapterInterface
    {
        return $this->resource->getConnection('sales');
    }

    private function name(): string
    {
        return $this->resource->getTableName(self::NAME, 'sales');
    }
}
