-- title: A product is of its category, and a cart with it costs what it may
-- category: consistency
-- severity: medium
-- status: failed
-- tables: transactions
-- needs: transactions(transaction_id, product_category, product_id, amount)
-- needs: expected_products(category, product, least, most)
-- message: {count} products are of another category or price, the first in row {file_row}: {product_id}, {product_category}, {amount:.2f}
-- measured: every product is of its category, and every amount between its least and its most
-- advice: Draw the product, and take its category and the range of the amount from it.
SELECT file_row, transaction_id, product_id, product_category, amount
FROM transactions
WHERE NOT EXISTS (
    FROM expected_products
    WHERE category = product_category AND product = product_id AND amount BETWEEN least - 0.005 AND most + 0.005
)
ORDER BY file_row
