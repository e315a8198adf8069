
export{t as component}from"../chunks/b7oKenzV.js";