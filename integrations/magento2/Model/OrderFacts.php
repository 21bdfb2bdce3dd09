<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Magento\Framework\App\ResourceConnection;

/**
 * Reads the few columns a webhook names an order by.
 *
 * Straight from the table: loading the order through its repository would leave there, for the rest of the request,
 * a copy from the middle of a save, which other observers would then read and may save.
 */
class OrderFacts
{
    private const LONGEST_CHAIN = 50;
    private const COLUMNS = ['entity_id', 'increment_id', 'ext_order_id', 'relation_parent_id', 'store_id'];

    public function __construct(private readonly ResourceConnection $resource)
    {
    }

    /**
     * The first order of the chain: an edit in the admin continues an order in a new one, the bridge knows the first.
     *
     * @return array{id: int, number: string, idealo: string, store: int}|null null where it is no order of idealo
     */
    public function ofFirst(int $orderId): ?array
    {
        $row = $this->row($orderId);
        for ($n = 0; $n < self::LONGEST_CHAIN && $row !== null && (int) $row['relation_parent_id'] > 0; $n++) {
            $row = $this->row((int) $row['relation_parent_id']);
        }
        if ($row === null || (string) $row['ext_order_id'] === '') {
            return null;
        }
        return [
            'id' => (int) $row['entity_id'],
            'number' => (string) $row['increment_id'],
            'idealo' => (string) $row['ext_order_id'],
            'store' => (int) $row['store_id'],
        ];
    }

    /**
     * @return array<string, mixed>|null
     */
    private function row(int $orderId): ?array
    {
        $connection = $this->resource->getConnection('sales');
        $select = $connection->select()->from($this->resource->getTableName('sales_order', 'sales'), self::COLUMNS)
            ->where('entity_id = ?', $orderId);
        return $connection->fetchRow($select) ?: null;
    }
}
