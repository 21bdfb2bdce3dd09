<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Magento\Framework\App\ResourceConnection;
use Magento\Framework\DB\Adapter\AdapterInterface;

/**
 * Which order was imported for which idealo order; its unique key makes an import happen once.
 */
class ImportedOrders
{
    private const NAME = 'idealo_connector_order';
    private const LOOK_BACK_S = 90 * 86400;

    public function __construct(private readonly ResourceConnection $resource)
    {
    }

    /**
     * The order's entity id, also where it was imported, not long ago, before the module was there.
     */
    public function find(string $idealoOrderId): ?int
    {
        $connection = $this->connection();
        $own = $connection->select()->from($this->table(self::NAME), ['order_id'])
            ->where('idealo_order_id = ?', $idealoOrderId)->where('order_id IS NOT NULL');
        $direct = $connection->select()->from($this->table('sales_order'), ['entity_id'])
            ->where('ext_order_id = ?', $idealoOrderId)->where('BINARY ext_order_id = ?', $idealoOrderId)
            // Older versions have no index on ext_order_id; this date has one.
            ->where('created_at > ?', gmdate('Y-m-d H:i:s', time() - self::LOOK_BACK_S))
            ->order('entity_id')->limit(1);
        $found = $connection->fetchOne($own) ?: $connection->fetchOne($direct);
        return $found ? (int) $found : null;
    }

    /**
     * @throws \Magento\Framework\DB\Adapter\DuplicateException where another import was first
     */
    public function claim(string $idealoOrderId): void
    {
        $row = ['idealo_order_id' => $idealoOrderId, 'created_at' => time()];
        $this->connection()->insert($this->table(self::NAME), $row);
    }

    public function keep(string $idealoOrderId, int $orderId): void
    {
        $where = ['idealo_order_id = ?' => $idealoOrderId];
        $this->connection()->update($this->table(self::NAME), ['order_id' => $orderId], $where);
    }

    /**
     * @template T
     * @param callable(): T $work
     * @return T
     */
    public function inOneTransaction(callable $work): mixed
    {
        $connection = $this->connection();
        $connection->beginTransaction();
        try {
            $done = $work();
            $connection->commit();
            return $done;
        } catch (\Throwable $e) {
            $connection->rollBack();
            throw $e;
        }
    }

    private function connection(): AdapterInterface
    {
        return $this->resource->getConnection('sales');
    }

    private function table(string $name): string
    {
        return $this->resource->getTableName($name, 'sales');
    }
}
